package docs

import (
	"slices"
	"strings"
	"testing"
)

const doc = `
openapi: 3.1.0
info: {title: T, version: 1.2.3, description: "One ` + "`code`" + ` two.\n\nThree."}
servers: [{url: https://pay.example/v3/}]
security: [{token: []}]
tags: [{name: Empty}, {name: Pay, description: About.}]
paths:
  /b/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}, example: a'b}
      - {name: q, in: query, schema: {type: string}}
    get:
      operationId: readB
      tags: [Pay]
      parameters: [{name: q, in: query, required: true, schema: {$ref: '#/components/schemas/Word'}}]
      responses: {'200': {$ref: '#/components/responses/Fine'}, default: {description: No.}}
  /a:
    post:
      summary: Make
      security: []
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Node'}
            example: {z: 1, a: "01", list: [true, null], day: 2026-11-21}
      responses: {}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: X-Key}}
  responses:
    Fine: {description: Good., content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Node'}}}}}
  schemas:
    Word: {type: string, enum: [x, y], maxLength: 3, default: x, examples: [y]}
    Node:
      allOf:
        - type: object
          required: [z]
          properties:
            z: {type: integer, format: int64, minimum: 0}
            next: {$ref: '#/components/schemas/Node'}
        - properties:
            inner: {type: object, properties: {deep: {type: [string, 'null']}}}
            many: {type: array, items: {type: object, properties: {one: {type: boolean}}}}
            either: {oneOf: [{$ref: '#/components/schemas/Word'}, {type: integer}]}
    Self: {allOf: [{$ref: '#/components/schemas/Self'}, {type: object, properties: {a: {type: string}}}], items: {$ref: '#/components/schemas/Self'}}
    Loop: {$ref: '#/components/schemas/Loop'}
`

func TestParse(t *testing.T) {
	ref, err := Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if ref.Title != "T" || ref.Version != "1.2.3" || len(ref.About) != 2 || ref.About[0][1] != (Piece{"code", true}) || ref.About[0][2].Text != " two." {
		t.Errorf("head: %+v", ref)
	}
	if len(ref.Security) != 1 || ref.Security[0].Kind != "apiKey in header X-Key" {
		t.Errorf("security: %+v", ref.Security)
	}
	var groups []string
	for _, g := range ref.Groups {
		groups = append(groups, g.Name)
	}
	if !slices.Equal(groups, []string{"Pay", "Operations"}) {
		t.Fatalf("groups: %q", groups)
	}
	read, make := ref.Groups[0].Operations[0], ref.Groups[1].Operations[0]
	if len(read.Parameters) != 2 || !read.Parameters[1].Required || !slices.Equal(read.Parameters[1].Values, []string{"x", "y"}) || read.Parameters[1].Kind.Anchor != "schema-word" {
		t.Errorf("an operation's parameter replaces its path's: %+v", read.Parameters)
	}
	if want := "curl 'https://pay.example/v3/b/a'\\''b?q=y' \\\n  -H \"Authorization: Bearer $TOKEN\""; read.Curl != want {
		t.Errorf("curl\n%s\nwant\n%s", read.Curl, want)
	}
	if len(read.Answers) != 2 || read.Answers[0].Bodies[0].Schema.Text != "list of Node" {
		t.Errorf("answers: %+v", read.Answers)
	}
	if want := "curl 'https://pay.example/v3/a' \\\n  -H 'Content-Type: application/json' \\\n  -d '{\n  \"z\": 1,\n  \"a\": \"01\",\n  \"list\": [\n    true,\n    null\n  ],\n  \"day\": \"2026-11-21\"\n}'"; make.Curl != want {
		t.Errorf("curl\n%s\nwant\n%s", make.Curl, want)
	}
	var fields []string
	for _, f := range make.Bodies[0].Fields {
		fields = append(fields, strings.Repeat(">", f.Depth)+f.Name+": "+f.Kind.Text)
	}
	want := []string{"z: integer (int64)", "next: Node", "inner: object", ">deep: string or null", "many: list of object", ">one: boolean", "either: Word or integer"}
	if !slices.Equal(fields, want) || !make.Bodies[0].Fields[0].Required {
		t.Errorf("fields %q, want %q", fields, want)
	}
}

func TestServerWithoutHost(t *testing.T) {
	ref, err := Parse([]byte("openapi: 3.1.0\nservers: [{url: /gateway}]\npaths: {/a: {get: {}}}"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ref.Groups[0].Operations[0].Curl, "curl 'http://127.0.0.1:8080/gateway/a'"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, bad := range []string{"", "{", "swagger: '2.0'", "[]", "a: &a [*a]\nopenapi: 3.1.0"} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(doc)
	f.Add("openapi: 3.1.0\npaths: {/a: {get: {parameters: [{$ref: '#/paths'}]}}}")
	f.Fuzz(func(t *testing.T, text string) { _, _ = Parse([]byte(text)) })
}

// What bears a day is listed by where it stands, the newest first.
func TestChanges(t *testing.T) {
	list, err := Changes([]byte(`
paths:
  /a:
    get:
      summary: Read a
      x-added: 2024-02-01
      parameters: [{name: q, in: query, x-added: '2026-11-28'}]
      requestBody: {content: {application/json: {schema: {properties: {z: {description: The end., x-added: '2025-01-01'}}, example: {x-added: '1999-01-01'}}}}}
webhooks: {told: {x-added: '2025-01-01'}}
components: {schemas: {Node: {x-added: '2025-01-01', properties: {inner: {properties: {deep: {x-added: '2026-11-28'}}}}}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		words := ""
		for _, p := range c.What {
			words += p.Text
		}
		for _, p := range c.About {
			words += ": " + p[0].Text
		}
		got = append(got, c.On+" "+words)
	}
	want := []string{"2026-11-28 q (query) of GET /a", "2026-11-28 inner.deep of Node", "2025-01-01 z of GET /a: The end.", "2025-01-01 webhook told", "2025-01-01 Node",
		"2024-02-01 GET /a: Read a"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, bad := range []string{"a: *b", "\t"} {
		if _, err := Changes([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
