package april

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a static binary runs where there are no zones

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/merchant"
)

// businessProfile is what a merchant tells of itself (sheet, 3.4).
type businessProfile struct {
	TimeZone            string           `json:"timeZone,omitempty"`
	BusinessName        string           `json:"businessName"`
	BrandName           string           `json:"brandName,omitempty"`
	Website             string           `json:"website,omitempty"`
	SupportSite         string           `json:"supportSite,omitempty"`
	TaxID               string           `json:"taxId,omitempty"`
	BusinessType        string           `json:"businessType,omitempty"`
	CompanyType         string           `json:"companyType,omitempty"`
	Industry            string           `json:"industry,omitempty"`
	TaxCountry          string           `json:"taxCountry,omitempty"`
	TradingCountry      string           `json:"tradingCountry,omitempty"`
	ContactPerson       *contactPerson   `json:"contactPerson,omitempty"`
	ContactEmailAddress string           `json:"contactEmailAddress,omitempty"`
	SupportEmailAddress string           `json:"supportEmailAddress,omitempty"`
	PhoneNumber         string           `json:"phoneNumber,omitempty"`
	Address             *businessAddress `json:"address,omitempty"`
	CardStatementName   string           `json:"cardStatementName,omitempty"`
	SMSSenderName       string           `json:"smsSenderName,omitempty"`
	VerificationDocs    map[string]any   `json:"verificationDocs,omitempty"`
}

type contactPerson struct {
	Title      string `json:"title,omitempty"`
	GivenName  string `json:"givenName,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
}

// businessAddress is an address in parts (sheet, 3).
type businessAddress struct {
	UnitNumber   string `json:"unitNumber,omitempty"`
	StreetNumber string `json:"streetNumber,omitempty"`
	StreetName   string `json:"streetName,omitempty"`
	StreetType   string `json:"streetType,omitempty"`
	Suburb       string `json:"suburb,omitempty"`
	City         string `json:"city,omitempty"`
	State        string `json:"state,omitempty"`
	PostalCode   string `json:"postalCode,omitempty"`
	Country      string `json:"country,omitempty"`
}

// Words and forms of a profile (sheet, 3.4).
var (
	businessTypes = []string{"company", "individual", "partnership", "trust", "non_profit", "government"}
	companyTypes  = []string{"Private", "Public"}
	statementForm = regexp.MustCompile(`^.{5,22}$`)
	senderForm    = regexp.MustCompile(`^\S{1,11}$`)
	industryForm  = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	fileForm      = regexp.MustCompile(`^lfile_[A-Za-z0-9_-]{16}$`)
)

// docNames are the uploaded files that a profile names, and the one list of them.
var docNames = []string{"companyFrontFileId", "companyBackFileId", "companyTaxIdFileId", "partnershipAgreementFileId", "trustDeedFileId"}

const docList = "trustDeedAmendmentFileIds"

// readProfile reads a whole profile onto a merchant; what is missing is noted.
func readProfile(in object, m *merchant.Merchant) {
	for _, name := range []string{"businessName", "tradingCountry", "timeZone", "contactEmailAddress", "phoneNumber"} {
		in.need(name)
	}
	patchProfile(in, m)
}

// patchProfile reads those fields that were sent; what was sent as null or ""
// stays as it is, as if it had not been.
func patchProfile(in object, m *merchant.Merchant) {
	b := &m.Business
	put := func(to *string, v string) { *to = otherwise(v, *to) }
	put(&m.Name, in.text("businessName"))
	put(&m.Country, in.like("tradingCountry", countryForm, countryWhat))
	put(&b.Brand, in.text("brandName"))
	put(&b.Website, in.text("website"))
	put(&b.SupportSite, in.text("supportSite"))
	put(&b.TaxID, in.text("taxId"))
	put(&b.TaxCountry, in.like("taxCountry", countryForm, countryWhat))
	put(&b.Kind, in.word("businessType", businessTypes...))
	put(&b.CompanyKind, in.word("companyType", companyTypes...))
	put(&b.Industry, in.like("industry", industryForm, "a word in CamelCase"))
	put(&b.Email, in.like("contactEmailAddress", emailForm, emailWhat))
	put(&b.SupportEmail, in.like("supportEmailAddress", emailForm, emailWhat))
	put(&b.Phone, in.like("phoneNumber", phoneForm, phoneWhat))
	put(&b.Statement, in.like("cardStatementName", statementForm, "5 to 22 characters"))
	put(&b.SMSSender, in.like("smsSenderName", senderForm, "1 to 11 characters without spaces"))
	if zone := in.text("timeZone"); zone != "" {
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			in.not("timeZone", "must be a time zone of IANA, Australia/Sydney for example")
		}
		b.TimeZone = zone
	}
	if person, sent := in.object("contactPerson"); sent {
		b.Contact = merchant.Person{Title: person.text("title"), GivenName: person.text("givenName"), Surname: person.text("familyName")}
	}
	if a, sent := in.object("address"); sent {
		b.Address = merchant.Address{Unit: a.text("unitNumber"), StreetNumber: a.text("streetNumber"), StreetName: a.text("streetName"), StreetType: a.text("streetType"),
			Suburb: a.text("suburb"), City: a.text("city"), State: a.text("state"), Postcode: a.textOrNumber("postalCode"), Country: a.like("country", countryForm, countryWhat)}
	}
	if files, sent := in.object("verificationDocs"); sent {
		b.Documents = readDocs(files)
	}
}

// textOrNumber reads a text that may come as a number: 2000 and "2000" are the
// same postcode (sheet, 3).
func (o object) textOrNumber(name string) string {
	if n, ok := o.members[name].(json.Number); ok {
		return n.String()
	}
	return o.text(name)
}

func readDocs(in object) (list []string) {
	const what = "the id of an uploaded file"
	for _, name := range docNames {
		if id := in.like(name, fileForm, what); id != "" {
			list = append(list, name+"="+id)
		}
	}
	for _, id := range in.texts(docList, 20) {
		if !fileForm.MatchString(id) {
			in.not(docList, "must hold ids of uploaded files")
		}
		list = append(list, docList+"="+id)
	}
	return list
}

func showDocs(list []string) map[string]any {
	if len(list) == 0 {
		return nil
	}
	out, more := map[string]any{}, []string{}
	for _, entry := range list {
		name, id, _ := strings.Cut(entry, "=")
		if name == docList {
			more = append(more, id)
			out[name] = more
		} else {
			out[name] = id
		}
	}
	return out
}

func showProfile(m merchant.Merchant) businessProfile {
	b := m.Business
	out := businessProfile{TimeZone: b.TimeZone, BusinessName: m.Name, BrandName: b.Brand, Website: b.Website, SupportSite: b.SupportSite, TaxID: b.TaxID,
		BusinessType: b.Kind, CompanyType: b.CompanyKind, Industry: b.Industry, TaxCountry: b.TaxCountry, TradingCountry: m.Country,
		ContactEmailAddress: b.Email, SupportEmailAddress: b.SupportEmail, PhoneNumber: b.Phone, CardStatementName: b.Statement, SMSSenderName: b.SMSSender,
		VerificationDocs: showDocs(b.Documents)}
	if b.Contact != (merchant.Person{}) {
		out.ContactPerson = &contactPerson{b.Contact.Title, b.Contact.GivenName, b.Contact.Surname}
	}
	if a := b.Address; a != (merchant.Address{}) {
		out.Address = &businessAddress{a.Unit, a.StreetNumber, a.StreetName, a.StreetType, a.Suburb, a.City, a.State, a.Postcode, a.Country}
	}
	return out
}

// payoutSettings are who hears of payouts.
type payoutSettings struct {
	NotificationEmails   []string `json:"notificationEmails"`
	NotificationsEnabled bool     `json:"notificationsEnabled"`
}

// schedules is the form of payoutSchedule (sheet, 3.4).
var schedules = regexp.MustCompile(`^(daily|manual|weekly:(monday|tuesday|wednesday|thursday|friday|saturday|sunday)|monthly:([1-9]|1[0-9]|2[0-8]))$`)

// readPayouts reads the fields of payout settings that were sent.
func readPayouts(in object, p *merchant.Payouts) {
	if in.has("notificationEmails") {
		p.Emails = in.texts("notificationEmails", 20)
		if slices.ContainsFunc(p.Emails, func(s string) bool { return !emailForm.MatchString(s) }) {
			in.not("notificationEmails", "must hold e-mail addresses")
		}
	}
	set(&p.Notify, in.maybe("notificationsEnabled"))
	p.Schedule = otherwise(in.like("payoutSchedule", schedules, "daily, weekly:<weekday>, monthly:<1 to 28> or manual"), p.Schedule)
	if automatic := in.maybe("automatedPayoutsEnabled"); automatic != nil {
		p.Manual = !*automatic
	}
}

var errNoAccount = fault.New("not_found.account", "no such bank account")
