package media

import (
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/login"
)

func number(n int) string { return strconv.Itoa(n) }

// readNumber reads a customerNumber of the contract. What is no number is
// nobody's.
func readNumber(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != text {
		return 0
	}
	return n
}

type name struct {
	First  string `json:"firstName"`
	Middle string `json:"middleName"`
	Last   string `json:"lastName"`
}

type phone struct {
	Number string `json:"phoneNumber"`
}

// profile is the reader's own (sheet, 10; the older shape).
func (s *Surface) profile(c *call) (any, error) {
	p, list, err := s.reader(c)
	if err != nil {
		return nil, err
	}
	type credential struct {
		Value string `json:"credential"`
		Type  string `json:"credentialType"`
	}
	phones, emails := contacts(list)
	return struct {
		UniqueID       string     `json:"uniqueId"`
		UserID         int64      `json:"userId"`
		CustomerNumber int64      `json:"customerNumber"`
		Name           name       `json:"name"`
		CompanyName    string     `json:"companyName"`
		PhoneNumbers   []phone    `json:"phoneNumbers"`
		Emails         []string   `json:"emails"`
		Credential     credential `json:"credential"`
	}{p.UniqueID, p.Number, p.Number, name{p.GivenName, p.Middle, p.Surname}, p.Company, phones, emails,
		credential{c.who.Credential.Value, letters[c.who.Credential.Kind]}}, nil
}

// letters are the older names of the kinds of credentials (sheet, 3.3).
var letters = map[login.Kind]string{login.Email: "A", login.Phone: "B", login.External: "D"}

// profile2 is the reader's own, in the newer shape.
func (s *Surface) profile2(c *call) (any, error) {
	p, list, err := s.reader(c)
	if err != nil {
		return nil, err
	}
	type credential struct {
		Value string `json:"credential"`
		Type  string `json:"credentialType"`
		Level string `json:"verificationLevel"`
	}
	type short struct {
		First string `json:"firstName"`
		Last  string `json:"lastName"`
	}
	type typed struct {
		Number string `json:"phoneNumber"`
		Type   string `json:"phoneNumberType"`
	}
	out := struct {
		UniqueID        string       `json:"uniqueId"`
		LoginCredential credential   `json:"loginCredential"`
		UserCredentials []credential `json:"userCredentials"`
		Name            short        `json:"name"`
		PhoneNumbers    []typed      `json:"phoneNumbers"`
		Emails          []string     `json:"emails"`
		ExternalSources []string     `json:"externalSources"`
	}{UniqueID: p.UniqueID, UserCredentials: []credential{}, Name: short{p.GivenName, p.Surname}, PhoneNumbers: []typed{}, ExternalSources: []string{}}
	var phones []phone
	phones, out.Emails = contacts(list)
	for _, n := range phones {
		out.PhoneNumbers = append(out.PhoneNumbers, typed{n.Number, "personal"})
	}
	for _, one := range list {
		if one.Kind == login.External {
			source, _, _ := strings.Cut(one.Value, "/")
			out.ExternalSources = append(out.ExternalSources, source)
			continue
		}
		shown := credential{one.Value, string(one.Kind), string(one.Level)}
		out.UserCredentials = append(out.UserCredentials, shown)
		if one.String() == c.who.Credential.String() {
			out.LoginCredential = shown
		}
	}
	return out, nil
}

// reader is who the token stands for, with what they sign in with.
func (s *Surface) reader(c *call) (login.Person, []login.Credential, error) {
	p, err := s.Login.Person(c.r.Context(), c.realm(), c.who.Person)
	if err != nil {
		return p, nil, err
	}
	list, err := s.Login.Credentials(c.r.Context(), c.realm(), p.ID)
	return p, list, err
}

func contacts(list []login.Credential) (phones []phone, emails []string) {
	phones, emails = []phone{}, []string{}
	for _, c := range list {
		switch c.Kind {
		case login.Phone:
			phones = append(phones, phone{c.Value})
		case login.Email:
			emails = append(emails, c.Value)
		}
	}
	return phones, emails
}
