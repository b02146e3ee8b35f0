package media

import _ "embed"

//go:embed openapi.yaml
var document []byte

// OpenAPI is what is served of the contract as an OpenAPI 3.1 document in
// YAML. It is written by hand from the contract sheet; tests hold every answer
// to it.
func OpenAPI() []byte { return document }
