// Package docs turns an OpenAPI 3.1 document into what a reference page shows:
// operations by tag, their parameters, bodies, answers and examples, and the
// schemas they name, all in the document's own order. It checks nothing: that
// a document is true to its contract other tests see to.
package docs

// Reference is one document.
type Reference struct {
	Title, Version string
	About          []Paragraph
	Servers        []string
	Security       []Scheme
	Groups         []Group
	Schemas        []Schema
}

// Scheme is a way to prove who asks.
type Scheme struct {
	Name  string
	Kind  string // http bearer, apiKey in header X-Key ...
	About []Paragraph
}

// Group is the operations of one tag.
type Group struct {
	Name, Anchor string
	About        []Paragraph
	Operations   []Operation
}

// Operation is a method on a path.
type Operation struct {
	Anchor     string
	Method     string // GET
	Path       string
	Title      string
	About      []Paragraph
	Deprecated bool
	Parameters []Field
	Bodies     []Body
	Answers    []Answer
	Curl       string
}

// Body is one content type of a request or an answer.
type Body struct {
	Type     string // application/json
	Required bool
	Schema   Kind
	Fields   []Field
	Examples []Example
}

// Answer is one status.
type Answer struct {
	Status string // 200, 4XX, default
	About  []Paragraph
	Bodies []Body
}

// Example is a body or value, as it goes over the wire or nearly so.
type Example struct {
	Title, Text string
}

// Field is a parameter or a property; inner properties follow it, deeper.
type Field struct {
	Name     string
	In       string // path, query, header, cookie; "" for a property
	Kind     Kind
	Required bool
	Depth    int
	About    []Paragraph
	Facts    []string // pattern, length, default ...
	Values   []string // of an enum
	Example  string
}

// Kind is a type in words; Anchor is set when it is a schema of its own.
type Kind struct {
	Text, Anchor string
}

// Schema is a named schema.
type Schema struct {
	Name, Anchor string
	Kind         Kind
	About        []Paragraph
	Fields       []Field
	Values       []string
	Facts        []string
	Examples     []Example
}

// Paragraph is running text in pieces.
type Paragraph []Piece

// Piece is text, or code between backticks.
type Piece struct {
	Text string
	Code bool
}
