package bank

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// readXML walks a camt.053 element by element, so that a large file is never a
// large tree, and so that every complaint has its line. Of each statement it
// reads the id, the account, the opening and closing balance and the entries.
func readXML(text []byte) ([]Statement, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict, d.Entity = true, nil
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("only UTF-8 is read") }
	w := &walk{d: d}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = w.token(token)
		} else {
			err = w.bad("%s", strings.TrimPrefix(err.Error(), "XML syntax error on "))
		}
		if err != nil {
			return nil, err
		}
	}
	if !w.document {
		return nil, bad(1, "this is no camt.053 document")
	}
	return w.list, nil
}

// walk is a document on its way to becoming statements.
type walk struct {
	d        *xml.Decoder
	path     []string // names of the open elements
	text     strings.Builder
	currency string // of the Amt that is open
	list     []Statement
	count    int
	document bool

	entry    entry
	balance  entry
	balances map[string]int64 // OPBD and CLBD, minor units with their sign
	unit     string
}

// entry is an Ntry, or a Bal, while it is read.
type entry struct {
	Entry
	amount, currency, sign, status, kind string
	references, texts                    []string
}

func (w *walk) bad(format string, args ...any) error {
	line, _ := w.d.InputPos()
	return bad(line, format, args...)
}

func (w *walk) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive: // a document type: entities, external files
		return w.bad("a document type is not read")
	case xml.StartElement:
		return w.open(t)
	case xml.CharData:
		w.text.Write(t)
	case xml.EndElement:
		err := w.close(strings.TrimSpace(w.text.String()))
		w.path = w.path[:len(w.path)-1]
		w.text.Reset()
		return err
	}
	return nil
}

func (w *walk) open(t xml.StartElement) error {
	w.path = append(w.path, t.Name.Local)
	w.text.Reset()
	if len(w.path) > maxDepth {
		return w.bad("elements lie more than %d deep", maxDepth)
	}
	if len(w.path) == 2 {
		if t.Name.Local != "BkToCstmrStmt" {
			return w.bad("this is no camt.053 document")
		}
		w.document = true
	}
	switch w.below() {
	case "Stmt":
		w.list, w.balances, w.unit = append(w.list, Statement{}), map[string]int64{}, ""
	case "Stmt/Ntry":
		w.entry = entry{}
		if w.count++; w.count > MaxEntries {
			return w.bad("more than %d entries", MaxEntries)
		}
	case "Stmt/Bal":
		w.balance = entry{}
	case "Stmt/Ntry/Amt", "Stmt/Bal/Amt":
		for _, a := range t.Attr {
			if a.Name.Local == "Ccy" {
				w.currency = a.Value
			}
		}
	}
	return nil
}

// below is the path inside BkToCstmrStmt, "" outside of it.
func (w *walk) below() string {
	if len(w.path) < 3 {
		return ""
	}
	return strings.Join(w.path[2:], "/")
}

func (w *walk) close(text string) error {
	if len(w.list) == 0 {
		return nil
	}
	st, e := &w.list[len(w.list)-1], &w.entry
	switch path := w.below(); path {
	case "Stmt/Id":
		st.ID = plain(text)
	case "Stmt/Acct/Id/IBAN", "Stmt/Acct/Id/Othr/Id":
		st.Account = plain(text)
	case "Stmt/Bal/Amt":
		w.balance.amount, w.balance.currency = text, w.currency
	case "Stmt/Bal/CdtDbtInd":
		w.balance.sign = text
	case "Stmt/Bal/Tp/CdOrPrtry/Cd":
		w.balance.kind = text
	case "Stmt/Bal":
		return w.balanced()
	case "Stmt/Ntry/Amt":
		e.amount, e.currency = text, w.currency
	case "Stmt/Ntry/CdtDbtInd":
		e.sign = text
	case "Stmt/Ntry/Sts", "Stmt/Ntry/Sts/Cd":
		e.status += text
	case "Stmt/Ntry/AcctSvcrRef":
		e.ID = plain(text)
	case "Stmt/Ntry/BookgDt/Dt", "Stmt/Ntry/BookgDt/DtTm":
		e.BookedOn = text
	case "Stmt/Ntry":
		return w.booked(st)
	case "Stmt":
		return w.closed(*st)
	default:
		e.told(path, text)
	}
	return nil
}

// told keeps what an entry says about itself.
func (e *entry) told(path, text string) {
	rest, inside := strings.CutPrefix(path, "Stmt/Ntry/")
	if !inside || text == "" || len(e.texts)+len(e.references) > 50 {
		return
	}
	switch strings.TrimPrefix(rest, "NtryDtls/TxDtls/") {
	case "Refs/EndToEndId", "RmtInf/Strd/CdtrRefInf/Ref":
		if text != "NOTPROVIDED" {
			e.references = append(e.references, text)
		}
	case "RmtInf/Ustrd", "AddtlNtryInf", "RltdPties/Dbtr/Nm", "RltdPties/Cdtr/Nm", "RltdPties/Dbtr/Pty/Nm", "RltdPties/Cdtr/Pty/Nm":
		e.texts = append(e.texts, text)
	}
}

var signs = map[string]int64{"CRDT": 1, "DBIT": -1}

// booked takes an entry in. Those that are not booked yet are passed over.
func (w *walk) booked(st *Statement) error {
	e := w.entry
	if e.status != "" && e.status != "BOOK" {
		return nil
	}
	a, err := amount(e.amount, e.currency, signs[e.sign])
	on, dated := day(e.BookedOn)
	switch {
	case signs[e.sign] == 0:
		return w.bad("an entry is CRDT or DBIT")
	case err != nil:
		return w.bad("%.40q is no amount in %.8q", e.amount, e.currency)
	case !dated:
		return w.bad("an entry has no booking date")
	case w.unit != "" && w.unit != e.currency:
		return w.bad("a statement has one currency")
	}
	w.unit = e.currency
	e.Amount, e.BookedOn, e.Reference, e.Text = a, on, plain(e.references...), plain(e.texts...)
	st.Entries = append(st.Entries, e.Entry)
	return nil
}

func (w *walk) balanced() error {
	b := w.balance
	if b.kind != "OPBD" && b.kind != "PRCD" && b.kind != "CLBD" {
		return nil
	}
	a, err := amount(b.amount, b.currency, signs[b.sign])
	if err != nil || signs[b.sign] == 0 {
		return w.bad("%.40q is no balance in %.8q", b.amount, b.currency)
	}
	if b.kind == "PRCD" {
		b.kind = "OPBD"
	}
	w.balances[b.kind] = a.Minor
	return nil
}

// closed holds a statement that has both balances to them.
func (w *walk) closed(st Statement) error {
	opening, opens := w.balances["OPBD"]
	closing, closes := w.balances["CLBD"]
	if !opens || !closes {
		return nil
	}
	for _, e := range st.Entries {
		opening += e.Amount.Minor
	}
	if opening != closing {
		return w.bad("the entries do not come to the closing balance: %d is missing", closing-opening)
	}
	return nil
}
