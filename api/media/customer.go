package media

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/subscription"
)

// readPayer reads somebody as the contract writes them (sheet, 8.2). What is
// not kept (birth date, sex, categories, permissions, privacy) is not read.
func readPayer(in object) (p purchase.Payer) {
	p.OrgNumber = in.optional("companyRegistrationNumber", 20)
	p.Company, p.GivenName, p.Middle, p.Surname = in.optional("companyName", 100), in.optional("firstName", 100), in.optional("middleName", 100), in.optional("lastName", 100)
	p.Address = readAddress(in)
	p.Emails, p.Phones = in.texts("emails", "email", 5, 254), in.texts("phoneNumbers", "phoneNumber", 5, 40)
	return p
}

func readAddress(in object) login.Address {
	a := login.Address{CareOf: in.optional("coAddress", 100), Street: in.optional("street", 100), Number: in.optional("streetNumber", 20), Postcode: in.optional("postalCode", 20),
		City: in.optional("postalPlace", 100), Country: in.optional("countryCode", 3), Email: in.optional("invoiceEmailAddress", 254)}
	for _, more := range []string{in.optional("entrance", 10), in.optional("floor", 10), in.optional("suite", 10)} {
		if more != "" {
			a.Number += " " + more
		}
	}
	return a
}

type addressItem struct {
	CareOf   string `json:"coAddress"`
	Street   string `json:"street"`
	Number   string `json:"streetNumber"`
	Postcode string `json:"postalCode"`
	City     string `json:"postalPlace"`
	Country  string `json:"countryCode"`
	Email    string `json:"invoiceEmailAddress"`
}

func addressOf(a login.Address) addressItem {
	return addressItem{a.CareOf, a.Street, a.Number, a.Postcode, a.City, a.Country, a.Email}
}

// invoiceAddress is where a reader's invoices go.
func (s *Surface) invoiceAddress(c *call) (any, error) {
	p, list, err := s.reader(c)
	if err != nil {
		return nil, err
	}
	if _, emails := contacts(list); p.Address.Email == "" && len(emails) > 0 {
		p.Address.Email = emails[0]
	}
	return struct {
		Number  int64       `json:"customerNumber"`
		Name    name        `json:"name"`
		Company string      `json:"companyName"`
		Address addressItem `json:"invoiceAddress"`
	}{p.Number, name{p.GivenName, p.Middle, p.Surname}, p.Company, addressOf(p.Address)}, nil
}

type infoItem struct {
	CustomerNumber int64       `json:"customerNumber"`
	UniqueID       string      `json:"uniqueId"`
	Name           name        `json:"name"`
	CompanyName    string      `json:"companyName"`
	PhoneNumbers   []phone     `json:"phoneNumbers"`
	Emails         []string    `json:"emails"`
	Address        addressItem `json:"address"`
}

// info is a customer as this contract's clients, and readers themselves, see.
func (s *Surface) info(c *call, p login.Person) (infoItem, error) {
	list, err := s.Login.Credentials(c.r.Context(), c.realm(), p.ID)
	phones, emails := contacts(list)
	return infoItem{p.Number, p.UniqueID, name{p.GivenName, p.Middle, p.Surname}, p.Company, phones, emails, addressOf(p.Address)}, err
}

// customerInfo is what a client sees of a customer.
func (s *Surface) customerInfo(c *call) (any, error) {
	p, err := s.Login.ByNumber(c.r.Context(), c.realm(), readNumber(c.path("customerNumber")))
	if err != nil {
		return nil, noCustomer(err)
	}
	return s.info(c, p)
}

func noCustomer(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "no such customer")
	}
	return err
}

// ownInfo is what a reader sees of himself.
func (s *Surface) ownInfo(c *call) (any, error) {
	p, err := s.Login.Person(c.r.Context(), c.realm(), c.who.Person)
	if err != nil {
		return nil, err
	}
	return s.info(c, p)
}

// changeInfo changes a reader's names and address: what is not there stays, and
// an address is changed as a whole.
func (s *Surface) changeInfo(c *call) (any, error) {
	in := readPayer(c.body)
	if err := c.body.err(); err != nil {
		return nil, err
	}
	p, err := s.Login.Person(c.r.Context(), c.realm(), c.who.Person)
	if err != nil {
		return nil, err
	}
	n := login.Names{GivenName: p.GivenName, Middle: p.Middle, Surname: p.Surname, Company: p.Company, Locale: p.Locale}
	for to, told := range map[*string]string{&n.GivenName: in.GivenName, &n.Middle: in.Middle, &n.Surname: in.Surname, &n.Company: in.Company} {
		if told != "" {
			*to = told
		}
	}
	if in.Address == (login.Address{}) {
		in.Address = p.Address
	}
	if p, err = s.Subscriptions.Describe(c.r.Context(), c.realm(), p.ID, s.actor(c), n, in.Address); err != nil {
		return nil, err
	}
	return s.info(c, p)
}

// searchCustomers finds a client's customers by one credential or number: at
// most one, and none is no error.
func (s *Surface) searchCustomers(c *call) (any, error) {
	unique, credential, n := c.body.optional("uniqueId", 64), c.body.optional("credential", 254), c.body.whole("customerNumber")
	source, id := c.body.optional("extSource", 40), c.body.optional("extId", 100)
	if err := c.body.err(); err != nil {
		return nil, err
	}
	ctx, realm := c.r.Context(), c.realm()
	var p login.Person
	var err error
	switch {
	case unique != "":
		p, err = s.Login.ByUniqueID(ctx, realm, unique)
	case n != 0:
		p, err = s.Login.ByNumber(ctx, realm, n)
	case source != "" && id != "":
		p, err = s.Login.ByCredential(ctx, realm, login.Credential{Kind: login.External, Value: source + "/" + id})
	case credential != "":
		var named login.Credential
		if named, err = login.Read(credential); err == nil {
			p, err = s.Login.ByCredential(ctx, realm, named)
		}
	default:
		err = fault.At("invalid.missing", "credential", "uniqueId, customerNumber, credential, or extSource with extId is needed")
	}
	out := struct {
		Customers []infoItem `json:"customers"`
	}{[]infoItem{}}
	if fault.Is(err, fault.NotFound) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	one, err := s.info(c, p)
	out.Customers = append(out.Customers, one)
	return out, err
}

// checkNumber says whether a number is a customer's.
func (s *Surface) checkNumber(c *call) (any, error) {
	n := readNumber(c.path("customerNumber"))
	_, err := s.Login.ByNumber(c.r.Context(), c.realm(), n)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return struct {
		Number int64 `json:"customerNumber"`
		Exists bool  `json:"exists"`
	}{n, err == nil}, nil
}

// registerCustomer makes a client known with a customer: by an external
// identity, or by what they are reached by. Whoever is known is found again.
func (s *Surface) registerCustomer(c *call) (any, error) {
	in := readPayer(c.body)
	in.Source, in.Name = c.body.optional("extSource", 40), c.body.optional("extId", 100)
	if c.op.Path == "/v1/client/extid/customer" {
		c.body.text("extSource", 40)
		c.body.text("extId", 100)
	}
	if err := c.body.err(); err != nil {
		return nil, err
	}
	p, made, err := s.Login.Introduce(c.r.Context(), c.realm(), in.Contact)
	if err != nil {
		return nil, err
	}
	return struct {
		Number   int64  `json:"customerNumber"`
		UniqueID string `json:"uniqueId"`
		Created  bool   `json:"created"`
	}{p.Number, p.UniqueID, made}, nil
}

// couponItem is a price of a product.
type couponItem struct {
	Code        string   `json:"couponCode"`
	Number      int64    `json:"couponNumber"`
	Description string   `json:"description"`
	Price       any      `json:"couponPrice"`
	Extra       []string `json:"extraProducts"`
	Length      int64    `json:"periodLength"`
	Unit        string   `json:"periodType"`
	Product     string   `json:"product,omitempty"`
}

func couponOf(p subscription.Product, x subscription.Coupon) couponItem {
	return couponItem{Code: x.Code, Number: x.Number, Description: x.Description, Price: major(x.Price, p.Currency), Extra: []string{}, Length: x.Length, Unit: unitLetters[x.Unit]}
}

// voucherCoupons lists the prices that a voucher opens.
func (s *Surface) voucherCoupons(c *call) (any, error) {
	list, err := s.Subscriptions.Opens(c.r.Context(), c.realm(), c.path("voucherCode"))
	if err != nil {
		return nil, err
	}
	out := struct {
		Coupons []couponItem `json:"coupons"`
	}{[]couponItem{}}
	for _, o := range list {
		one := couponOf(o.Product, o.Coupon)
		one.Product = o.Product.Code
		out.Coupons = append(out.Coupons, one)
	}
	return out, nil
}

// couponPrice says what a product costs with a coupon, or with a voucher's.
func (s *Surface) couponPrice(c *call) (any, error) {
	code, number := c.body.text("product", 12), c.body.whole("couponNumber")
	voucher := c.body.optional("voucherCode", 40)
	if err := c.body.err(); err != nil {
		return nil, err
	}
	o, err := s.Subscriptions.Price(c.r.Context(), c.realm(), code, number, voucher)
	if err != nil {
		return nil, err
	}
	cur := o.Product.Currency
	return struct {
		Product  string `json:"product"`
		Code     string `json:"couponCode"`
		Number   int64  `json:"couponNumber"`
		Price    any    `json:"couponPrice"`
		Full     any    `json:"retailPrice"`
		VAT      any    `json:"vat"`
		Currency string `json:"currency"`
		Length   int64  `json:"periodLength"`
		Unit     string `json:"periodType"`
	}{o.Product.Code, o.Coupon.Code, o.Coupon.Number, major(o.Coupon.Price, cur), major(o.Product.Price, cur), major(o.Tax(), cur), string(cur), o.Coupon.Length, unitLetters[o.Coupon.Unit]}, nil
}
