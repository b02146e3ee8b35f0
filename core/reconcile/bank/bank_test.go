package bank_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/reconcile/bank"
)

const head = `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr><Stmt><Id>S-1</Id>
<Acct><Id><IBAN>NO9386011117947</IBAN></Id></Acct>
`

const tail = `</Stmt></BkToCstmrStmt></Document>`

func balance(kind, amount, sign string) string {
	return fmt.Sprintf(`<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy="NOK">%s</Amt><CdtDbtInd>%s</CdtDbtInd></Bal>`+"\n", kind, amount, sign)
}

func ntry(amount, sign, rest string) string {
	return fmt.Sprintf(`<Ntry><Amt Ccy="NOK">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-21</Dt></BookgDt>%s</Ntry>`+"\n", amount, sign, rest)
}

const details = `<AcctSvcrRef>B-77</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>FP6560A1B2000001</EndToEndId></Refs>
<RmtInf><Ustrd>Settlement 88123401-20261121</Ustrd><Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls>`

func TestCamt(t *testing.T) {
	text := head + balance("OPBD", "100.00", "CRDT") + balance("CLBD", "17.50", "DBIT") + ntry("12.50", "CRDT", details) + ntry("130", "DBIT", "") +
		strings.Replace(ntry("99", "CRDT", ""), "BOOK", "PDNG", 1) + tail
	list, err := bank.Read([]byte(text))
	if err != nil || len(list) != 1 || len(list[0].Entries) != 2 {
		t.Fatalf("got %+v, %v", list, err)
	}
	st := list[0]
	if st.ID != "S-1" || st.Account != "NO9386011117947" {
		t.Errorf("got %s of %s", st.ID, st.Account)
	}
	if got, want := fmt.Sprintf("%+v", st.Entries[0]), "{ID:B-77 Amount:{Minor:1250 Currency:NOK} BookedOn:2026-11-21 Reference:FP6560A1B2000001 RF18 Text:Settlement 88123401-20261121}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := st.Entries[1].Amount.Minor; got != -13000 {
		t.Errorf("got %d, want -13000", got)
	}
}

func TestCSV(t *testing.T) {
	list, err := bank.Read([]byte("\xef\xbb\xbfdate,amount,currency,reference,account\n2026-11-21,12.50,NOK,\"a,\nb\",1\n2026-11-22T09:00:00Z,-130,NOK,,2\n2026-11-22,1200,JPY,x,1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "[{ID: Account:1 Entries:[{ID: Amount:{Minor:1250 Currency:NOK} BookedOn:2026-11-21 Reference:a, b Text:} " +
		"{ID: Amount:{Minor:1200 Currency:JPY} BookedOn:2026-11-22 Reference:x Text:}]} " +
		"{ID: Account:2 Entries:[{ID: Amount:{Minor:-13000 Currency:NOK} BookedOn:2026-11-22 Reference: Text:}]}]"
	if got := fmt.Sprintf("%+v", list); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What cannot be read is refused with its line, and a bomb is refused before it
// goes off.
func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct{ text, line, reason string }{
		"nothing":            {"", "line 1", "neither"},
		"text":               {"hello", "line 1", "not known"},
		"a column missing":   {"date,amount\n", "line 1", "currency"},
		"a date":             {"date,amount,currency\n2026-02-30,1,NOK\n", "line 2", "no date"},
		"an amount":          {"date,amount,currency\n2026-11-21,1,NOK\n2026-11-21,1e3,NOK\n", "line 3", "no amount"},
		"decimals":           {"date,amount,currency\n2026-11-21,1.005,NOK\n", "line 2", "no amount"},
		"two minus signs":    {"date,amount,currency\n2026-11-21,--1,NOK\n", "line 2", "no amount"},
		"fields":             {"date,amount,currency\n2026-11-21,1,NOK\n2026-11-21,1\n", "line 3", "fields"},
		"not UTF-8":          {"date,amount,currency\n2026-11-21,1,N\xd8K\n", "line 1", "UTF-8"},
		"another document":   {"<?xml version=\"1.0\"?>\n<Document><Other/></Document>", "line 2", "no camt.053"},
		"no document":        {"<a/>", "line 1", "no camt.053"},
		"broken off":         {head + ntry("1", "CRDT", ""), "line 5", "EOF"},
		"a document type":    {"<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<Document>&b;</Document>", "line 2", "document type"},
		"an entity":          {head + "<Ntry>&b;</Ntry>" + tail, "line 4", "entity"},
		"another charset":    {`<?xml version="1.0" encoding="ISO-8859-1"?><Document/>`, "line 1", "UTF-8"},
		"depth":              {head + strings.Repeat("<a>", 40), "line 4", "deep"},
		"neither in nor out": {head + ntry("1", "BOTH", "") + tail, "line 4", "CRDT or DBIT"},
		"an XML amount":      {head + ntry("1,50", "CRDT", "") + tail, "line 4", "no amount"},
		"two currencies":     {head + ntry("1", "CRDT", "") + strings.Replace(ntry("1", "CRDT", ""), "NOK", "SEK", 1) + tail, "line 5", "one currency"},
		"the balance":        {head + balance("OPBD", "1", "CRDT") + balance("CLBD", "3", "CRDT") + ntry("1", "CRDT", "") + tail, "line 7", "closing balance"},
	} {
		_, err := bank.Read([]byte(tt.text))
		f, ok := err.(*fault.Error)
		if !ok || f.Code != "invalid.statement" || f.Param != tt.line || !strings.Contains(f.Msg, tt.reason) {
			t.Errorf("%s: got %v, want %s: ... %s", name, err, tt.line, tt.reason)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head + balance("OPBD", "1", "CRDT") + balance("CLBD", "2", "CRDT") + ntry("1", "CRDT", details) + tail))
	f.Add([]byte("date,amount,currency,reference\n2026-11-21,12.50,NOK,x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := bank.Read(text)
		if err != nil && fault.Code(err) != "invalid.statement" {
			t.Fatalf("got %v", err)
		}
		for _, st := range list {
			for _, e := range st.Entries {
				if len(e.BookedOn) != 10 || !e.Amount.Currency.Known() || strings.ContainsAny(e.Text+e.Reference, "\n\r\x00") {
					t.Fatalf("an entry that should not be: %+v", e)
				}
			}
		}
	})
}
