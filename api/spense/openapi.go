package spense

import _ "embed"

//go:embed partner.yaml
var partnerDocument []byte

//go:embed payments.yaml
var paymentsDocument []byte

// PartnerAPI is the partner API as an OpenAPI 3.1 document in YAML. It is
// written by hand from the contract sheet; tests hold every answer to it.
func PartnerAPI() []byte { return partnerDocument }

// PaymentsAPI is the older payment API, and the webhooks, as an OpenAPI 3.1
// document in YAML.
func PaymentsAPI() []byte { return paymentsDocument }
