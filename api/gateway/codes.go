package gateway

import (
	_ "embed"
	"encoding/csv"
	"net/http"
	"regexp"
	"strings"
)

// Category says in one word what a result code means for the money.
type Category string

// The categories (sheet, section 17).
const (
	Success    Category = "success"
	Review     Category = "review"  // accepted, but somebody should look at it
	Pending    Category = "pending" // not decided yet
	Rejected   Category = "rejected"
	Chargeback Category = "chargeback"
)

// Class is where a result code belongs.
type Class struct {
	Group    string // one of the 28 of section 17, or "unknown"
	Category Category
}

// classes are tried in order; the first whose prefix fits wins (sheet, section 17).
var classes = []struct {
	Class
	prefix *regexp.Regexp
}{
	{Class{"success", Success}, prefix(`^(000\.000\.|000\.100\.1|000\.[36]|000\.400\.1[12]0)`)},
	{Class{"success_review", Review}, prefix(`^(000\.400\.0[^3]|000\.400\.100)`)},
	{Class{"pending", Pending}, prefix(`^(000\.200)`)},
	{Class{"pending_long", Pending}, prefix(`^(800\.400\.5|100\.400\.500)`)},
	{Class{"rejected_3ds_intercard", Rejected}, prefix(`^(000\.400\.1[0-9][1-9]|000\.400\.2)`)},
	{Class{"soft_decline", Rejected}, prefix(`^(300\.100\.100)`)},
	{Class{"rejected_bank", Rejected}, prefix(`^(800\.[17]00|800\.800\.[123])`)},
	{Class{"rejected_communication", Rejected}, prefix(`^(900\.[1234]00|000\.400\.030)`)},
	{Class{"rejected_system", Rejected}, prefix(`^(800\.[56]|999\.|600\.1|800\.800\.[84])`)},
	{Class{"rejected_async", Rejected}, prefix(`^(100\.39[765])`)},
	{Class{"rejected_external_risk", Rejected}, prefix(`^(100\.400\.[0-3]|100\.380\.100|100\.380\.11|100\.380\.4|100\.380\.5|100\.370\.100|100\.370\.11)`)},
	{Class{"rejected_address_AVS", Rejected}, prefix(`^(800\.400\.1)`)},
	{Class{"rejected_3ds", Rejected}, prefix(`^(800\.400\.2|100\.390)`)},
	{Class{"rejected_blacklist", Rejected}, prefix(`^(100\.100\.701|800\.[32])`)},
	{Class{"rejected_risk_validation", Rejected}, prefix(`^(800\.1[123456]0)`)},
	{Class{"rejected_configuration", Rejected}, prefix(`^(600\.[23]|500\.[12]|800\.121)`)},
	{Class{"rejected_registration", Rejected}, prefix(`^(100\.[13]50)`)},
	{Class{"rejected_job", Rejected}, prefix(`^(100\.250|100\.360)`)},
	{Class{"rejected_reference", Rejected}, prefix(`^(700\.[1345][05]0)`)},
	{Class{"mac_blocked", Rejected}, prefix(`^(700\.60[01])`)},
	{Class{"rejected_format", Rejected}, prefix(`^(200\.[123]|100\.[53][07]|800\.900|100\.[69]00\.500)`)},
	{Class{"rejected_address_format", Rejected}, prefix(`^(100\.800)`)},
	{Class{"rejected_contact", Rejected}, prefix(`^(100\.700|100\.900\.[123467890][0-9][0-9])`)},
	{Class{"rejected_account", Rejected}, prefix(`^(100\.100|100\.2[01])`)},
	{Class{"rejected_amount", Rejected}, prefix(`^(100\.55)`)},
	{Class{"rejected_risk_management", Rejected}, prefix(`^(100\.380\.[23]|100\.380\.101)`)},
	{Class{"chargeback", Chargeback}, prefix(`^(000\.100\.2)`)},
	{Class{"legacy", Success}, prefix(`^(000\.500)`)},
}

func prefix(text string) *regexp.Regexp { return regexp.MustCompile(text) }

// Classify says where a code belongs, also one that is on no list yet. What
// fits nowhere counts as rejected: money is never taken for granted.
func Classify(code string) Class {
	if e, ok := listed[code]; ok {
		return e.class
	}
	return classify(code)
}

func classify(code string) Class {
	if wellFormed.MatchString(code) {
		for _, c := range classes {
			if c.prefix.MatchString(code) {
				return c.Class
			}
		}
	}
	return Class{"unknown", Rejected}
}

var wellFormed = regexp.MustCompile(`^[0-9]{3}\.[0-9]{3}\.[0-9]{3}$`)

// Code is a line of GET /v3/resultcodes.
type Code struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

type entry struct {
	text  string
	class Class
}

//go:embed codes.csv
var codesCSV string

var codes, listed = readCodes(codesCSV)

// readCodes takes the list apart: code, group, category, a guess at the
// status, and our own words for it.
func readCodes(text string) ([]Code, map[string]entry) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(err) // the list is part of the binary
	}
	list, index := make([]Code, 0, len(rows)), make(map[string]entry, len(rows))
	for _, row := range rows[1:] {
		code, words := row[0], row[4]
		if exact := wireTexts[code]; exact != "" {
			words = exact
		}
		list = append(list, Code{code, words})
		index[code] = entry{words, classify(code)}
	}
	return list, index
}

// wireTexts are the descriptions that clients are known to compare or log
// (sheet, section 4): not a letter of them may change.
var wireTexts = map[string]string{
	"000.000.000": "Transaction succeeded",
	"000.000.100": "successful request",
	"000.100.110": "Request successfully processed in 'Merchant in Integrator Test Mode'",
	"000.100.112": "Request successfully processed in 'Merchant in Connector Test Mode'",
	"000.200.000": "transaction pending",
	"000.200.100": "successfully created checkout",
	"100.100.101": "invalid creditcard, bank account number or bank name",
	"200.300.404": "invalid or missing parameter",
	"700.400.510": "capture needs at least one successful transaction of type (PA)",
	"700.400.580": "cannot find transaction",
	"800.100.151": "transaction declined (invalid card)",
	"800.100.152": "transaction declined by authorization system",
	"800.120.100": "Too many requests. Please try again later.",
}

// Known says whether a code is on the list.
func Known(code string) bool {
	_, ok := listed[code]
	return ok
}

// Text is the description of a code on the wire; for one that is on no list,
// what its category says.
func Text(code string) string {
	if e, ok := listed[code]; ok {
		return e.text
	}
	return string(Classify(code).Category)
}

// Codes is the whole list, in its order. It is a copy.
func Codes() []Code { return append([]Code(nil), codes...) }

// statuses are the refusals that do not answer 400 (sheet, sections 2 to 4, 10).
var statuses = map[string]int{
	"800.900.300": http.StatusUnauthorized,
	"800.900.100": http.StatusForbidden,
	"800.900.301": http.StatusForbidden,
	"800.900.302": http.StatusForbidden,
	"600.300.200": http.StatusForbidden,
	"200.300.406": http.StatusNotFound,
	"600.100.100": http.StatusInternalServerError,
	"999.999.888": http.StatusInternalServerError,
	"800.800.800": http.StatusServiceUnavailable,
	"800.800.801": http.StatusServiceUnavailable,
}

// AnswerStatus is the HTTP status of an answer about a payment that was made or
// found (sheet, section 3): 200 for success, review, pending and chargeback.
// A rejected one is 400 when it was just made, whatever its code says, and the
// profile's choice when it is read.
func AnswerStatus(code string, read bool, rules Profile) int {
	switch {
	case Classify(code).Category != Rejected:
		return http.StatusOK
	case read:
		return rules.DeclinedReadStatus
	}
	return http.StatusBadRequest
}

// FaultStatus is the HTTP status of a request that was refused with this code,
// so that nothing came of it: 400 unless the code says more. What an unknown
// id and throttling answer is the profile's choice.
func FaultStatus(code string, rules Profile) int {
	switch code {
	case "700.400.580", "100.150.200":
		return rules.UnknownStatus
	case "800.120.100":
		return rules.ThrottleStatus
	}
	if status := statuses[code]; status != 0 {
		return status
	}
	return http.StatusBadRequest
}
