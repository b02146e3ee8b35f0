package method

// Facts are what is known of a card beyond its number and brand. A field that
// is empty is not known. They show nothing that may not be shown.
type Facts struct {
	Country       string `json:"country,omitempty"` // of issue, ISO 3166-1 alpha-2
	Funding       string `json:"funding,omitempty"` // credit, debit, chargecard, prepaid, deferreddebit
	Prepaid       *bool  `json:"prepaid,omitempty"`
	Currency      string `json:"currency,omitempty"` // that the card is billed in
	Issuer        string `json:"issuer,omitempty"`
	ProductType   string `json:"productType,omitempty"`
	SchemeProduct string `json:"schemeProduct,omitempty"`
}
