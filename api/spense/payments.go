package spense

import (
	"strings"

	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
)

// order is the body of M1 as it was read (sheet, 8), before it is known whose
// currency and profile it is.
type order struct {
	customer            invoice.Customer
	number              string
	objects             []invoice.Object
	currency            string
	gross, net          decimal
	instalments         []part
	manual              bool
	items               []item
	due                 invoice.Date
	reference           string
	invoiceNumber       string
	comments            string
	profile, department string
	url, terminalURL    string
	by                  string
	method              string
}

type part struct {
	due       invoice.Date
	gross     decimal
	reference string
}

type item struct {
	description            string
	gross, net             decimal
	grossTotal, netTotal   decimal
	hasGross, hasNet       bool
	vat, quantity, tax, of decimal
	kind                   string
}

// readOrder reads a body of M1.
func readOrder(ck *check, body value) (o order) {
	in := ck.root(body)
	o.customer = readCustomer(ck, in)
	job := in.child("order", true)
	o.number = job.text("orderNumber")
	for _, n := range job.array("objects", false, invoice.MaxObjects) {
		o.objects = append(o.objects, invoice.Object{Kind: n.choice("type", "", true, "", "newCar", "tradeInCAR"), Plate: n.text("numberPlate"), Brand: n.text("brand"),
			Model: n.text("model"), Colour: n.text("color"), Year: n.text("year"), VIN: n.text("vinNumber")})
	}
	inner := o.readPayment(in.child("payment", true))
	hooks := in.optional("callback")
	o.url, _ = hooks.nullable("url")
	o.terminalURL, _ = hooks.nullable("terminal_failure_url")
	o.by = readUser(in)
	if id, given := in.id("paymentMethodId"); given {
		inner = id
	}
	o.method = inner
	return o
}

// readPayment reads the part of the body that tells of the money, and returns
// the payment method that it may name.
func (o *order) readPayment(n node) (method string) {
	o.currency = n.text("currency")
	o.gross, o.net = n.positive("totalGrossAmount"), n.positive("totalNetAmount")
	for _, p := range n.array("installments", true, invoice.MaxInstalments) {
		o.instalments = append(o.instalments, part{p.date("dueDate", true), p.positive("grossAmount"), p.text("reference")})
	}
	if v, found := n.get("installmentsMode", false); found && v.kind != null {
		o.manual = n.choice("installmentsMode", "automatic", false, "automatic", "manual") == "manual"
	}
	for _, i := range n.array("items", false, invoice.MaxLines) {
		o.items = append(o.items, readItem(i))
	}
	o.due = n.date("dueDate", true)
	o.reference, o.invoiceNumber = n.text("paymentRef"), n.text("invoiceNumber")
	o.comments = n.comments("invoiceComments")
	o.profile, _ = n.nullable("profileId")
	o.department, _ = n.nullable("paymentDepartment")
	method, _ = n.id("paymentMethodId")
	return method
}

func readItem(n node) (i item) {
	i.description = n.text("description")
	i.gross, _ = n.decimal("grossUnitPrice", false)
	i.net, _ = n.decimal("netUnitPrice", false)
	i.grossTotal, i.hasGross = n.optionalDecimal("grossTotalPrice")
	i.netTotal, i.hasNet = n.optionalDecimal("netTotalPrice")
	i.vat, _ = n.decimal("vatAmount", false)
	var given bool
	if i.quantity, given = n.decimal("quantity", false); !given {
		i.quantity = decimal{digits: "1"}
	}
	i.tax, _ = n.decimal("taxRate", false)
	i.of, _ = n.decimal("discountRate", false)
	i.kind = n.choice("lineType", "regular", false, "regular", "shipping", "part-sum")
	return i
}

// comments is a nullable string, or a list of them, a line each.
func (n node) comments(name string) string {
	v, found := n.get(name, false)
	if !found || v.kind != list {
		s, _ := n.nullable(name)
		return s
	}
	var lines []string
	for i, line := range v.list {
		if line.kind != text {
			n.c.add("string_type", "Input should be a valid string", n.at(name, i), line, nil)
			continue
		}
		lines = append(lines, line.text)
	}
	return strings.Join(lines, "\n")
}

// readCustomer reads the union of customers by its type (sheet, 8). Without a
// type it is an organisation.
func readCustomer(ck *check, in node) (c invoice.Customer) {
	n := in.child("customer", true)
	if !n.ok {
		return c
	}
	tag, v := "organization", n.v.of["type"]
	if v.kind != absent {
		tag = v.text
	}
	switch {
	case v.kind != absent && v.kind != text:
		ck.badTag(n, string(plainJSON(v)))
		return c
	case tag == "organization":
		c.Organisation = true
	case tag == "person" || tag == "private" || tag == "individual" || tag == "consumer":
		tag = "person"
	default:
		ck.badTag(n, tag)
		return c
	}
	n.loc = n.at(tag)
	c.Email, _ = n.nullable("email")
	phone := n.child("phone", false)
	code, number := phone.text("countryCode"), phone.text("number")
	if c.Phone = phoneNumber(code, number); c.Organisation {
		c.Name, c.OrgNumber = n.text("organizationName"), n.text("organizationNumber")
	} else {
		c.GivenName, c.Surname = n.text("firstName"), n.text("lastName")
	}
	c.Number = n.text("customerNumber")
	a := n.child("billingAddress", false)
	c.Address = invoice.Address{CareOf: a.text("careOf"), Street: a.text("street"), Second: a.text("secondary"), Postcode: a.text("postalCode"),
		City: a.text("city"), Country: a.text("country")}
	return c
}

func (c *check) badTag(n node, tag string) {
	const expected = "'organization', 'person'"
	c.add("union_tag_invalid", "Input tag '"+tag+"' found using 'type' does not match any of the expected tags: "+expected, n.loc, n.v, struct {
		Discriminator string `json:"discriminator"`
		Tag           string `json:"tag"`
		Expected      string `json:"expected_tags"`
	}{"'type'", tag, expected})
}

// dialCodes are the country codes behind the countries that the contract
// names.
var dialCodes = map[string]string{"NO": "47", "SE": "46", "DK": "45", "FI": "358", "DE": "49", "GB": "44", "IS": "354"}

// phoneNumber puts a number into the form +4740000000; "" without a number.
func phoneNumber(code, number string) string {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s)
	}
	local := digits(number)
	if local == "" {
		return ""
	}
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		return "+" + local
	}
	country := strings.ToUpper(strings.TrimSpace(code))
	prefix := dialCodes[country]
	if prefix == "" {
		prefix = strings.TrimPrefix(digits(country), "00")
	}
	if prefix == "" {
		prefix = dialCodes["NO"]
	}
	return "+" + prefix + local
}

// readUser reads who made the order in the merchant's own system: a text, or
// an object of three (sheet, 8).
func readUser(in node) string {
	v, found := in.get("createdBy", false)
	if !found || v.kind == null {
		return ""
	}
	if v.kind == text {
		return v.text
	}
	n := in.child("createdBy", false)
	var words []string
	for _, w := range []string{n.text("name"), n.text("email"), n.text("remoteId")} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// line is an item in a currency's minor units; rounded says that a price had
// more decimals than the currency.
func (i item) line(cur money.Currency) (l invoice.Line, rounded bool, err error) {
	kinds := map[string]invoice.LineKind{"regular": invoice.Regular, "shipping": invoice.Shipping, "part-sum": invoice.Subtotal}
	l = invoice.Line{Kind: kinds[i.kind], Description: i.description}
	cash := func(d decimal) int64 {
		a, cut, ok := d.minor(cur)
		if !ok {
			err = errAmount
		}
		rounded = rounded || cut
		return a.Minor
	}
	parts := func(d decimal, places int) int64 {
		n, _, ok := d.scaled(places)
		if !ok {
			err = errAmount
		}
		return n
	}
	l.Gross, l.Net, l.Tax = cash(i.gross), cash(i.net), cash(i.vat)
	if i.hasGross {
		total := cash(i.grossTotal)
		l.GrossTotal = &total
	}
	if i.hasNet {
		total := cash(i.netTotal)
		l.NetTotal = &total
	}
	l.Quantity, l.TaxRate, l.Discount = parts(i.quantity, 6), parts(i.tax, 4), parts(i.of, 4)
	return l, rounded, err
}
