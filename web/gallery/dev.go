package gallery

import (
	_ "embed"
	"net/http"
	"time"

	"github.com/florinpay/florin/web/dev"
	"github.com/florinpay/florin/web/docs"
)

//go:embed sample.yaml
var sample []byte

var links = dev.Links{{Title: "Start", Path: Prefix + "dev"}, {Title: "Inbox", Path: Prefix + "dev-inbox"}, {Title: "Sandbox", Path: Prefix + "dev-sandbox"}, {Title: "Reference", Path: Prefix + "dev-docs"}}

func devEntries() []Entry {
	start := dev.Start{Version: "0.1.0", Database: "./florin.db", Try: Prefix + "dev", Clock: dev.Clock{Now: now, Ahead: 49 * time.Hour, Action: Prefix + "dev"},
		Contracts: []dev.Contract{{
			Name: "Gateway v3", About: "Forms in, JSON out, results as ddd.ddd.ddd codes.", Base: "http://127.0.0.1:8080/gateway/v3", Docs: Prefix + "dev-docs",
			Values: []dev.Value{{Name: "Access token", Value: "tst_4f1d9c0b8a7e63521d0c9b8a7f6e5d4c", Help: "Goes into the header Authorization: Bearer."}, {Name: "entityId", Value: "LM000117"}, {Name: "merchant.id", Value: "M2040077"}},
			Samples: []dev.Sample{
				{Title: "Take a card payment", Command: "curl http://127.0.0.1:8080/gateway/v3/payments \\\n  -H \"Authorization: Bearer tst_4f1d9c0b8a7e63521d0c9b8a7f6e5d4c\" \\\n  -d entityId=LM000117 -d amount=92.00 -d currency=EUR -d paymentType=DB \\\n  -d card.number=4200000000000000 -d card.expiryMonth=12 -d card.expiryYear=2034 -d card.cvv=123"},
				{Title: "Open a checkout page", Command: "curl http://127.0.0.1:8080/gateway/v3/checkouts \\\n  -H \"Authorization: Bearer tst_4f1d9c0b8a7e63521d0c9b8a7f6e5d4c\" \\\n  -d entityId=LM000117 -d amount=62.00 -d currency=NOK -d paymentType=DB"},
			},
		}},
		Docs: []dev.Link{{Title: "Gateway v3 reference", Path: Prefix + "dev-docs"}},
	}
	inbox := dev.Inbox{Address: "http://127.0.0.1:8080/dev/inbox", Messages: []dev.Message{
		{ID: "3", At: now, Path: "/dev/inbox", Summary: "DB 92.00 EUR: 000.100.110", Signature: dev.Good, Answered: 200, Headers: []dev.Value{{Name: "Content-Type", Value: "application/json; charset=UTF-8"}, {Name: "X-Event-Id", Value: "3f9d0a1b2c3d4e5f60718293"}, {Name: "X-Signature", Value: "t=1763716800,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd"}},
			Body: "{\n  \"id\": \"5f0c9a1e3b7d4826a1d4e8b90c2f7365\",\n  \"paymentType\": \"DB\",\n  \"amount\": \"92.00\",\n  \"currency\": \"EUR\",\n  \"result\": {\n    \"code\": \"000.100.110\"\n  }\n}"},
		{ID: "2", At: now.Add(-time.Minute), Path: "/dev/inbox/orders", Signature: dev.Bad, Answered: 200, Body: "{}"},
		{ID: "1", At: now.Add(-time.Hour), Path: "/dev/inbox", Signature: dev.Missing, Answered: 200, Body: "{}"},
	}}
	sandbox := dev.Sandbox{Groups: []dev.Group{
		{Title: "Cards", About: "Any expiry in the future, any security code.", Columns: []string{"Number", "Brand", "What happens"}, Rows: [][]string{{"`4200000000000000`", "VISA", "Succeeds"}, {"`4200000000000042`", "VISA", "Challenge"}, {"`4444444444444444`", "VISA", "Declined: invalid card"}}},
		{Title: "Amounts", Columns: []string{"Cents", "What happens"}, Rows: [][]string{{"`.55`", "Declined: insufficient funds"}, {"`.20`", "Pending for five seconds, then succeeds"}}},
	}}
	ref, err := docs.Parse(sample)
	if err != nil {
		panic("gallery: " + err.Error()) // an embedded file
	}
	return []Entry{
		{"dev", "Developer start page", func(w http.ResponseWriter, r *http.Request) { report(w, dev.ShowStart(w, r, links, start)) }},
		{"dev-returned", "The end of a tried checkout", func(w http.ResponseWriter, r *http.Request) {
			report(w, dev.ShowReturned(w, r, links, dev.Returned{Again: Prefix + "dev", Command: "curl http://127.0.0.1:8080/gateway/v3/checkouts/8C0D.node01/payment",
				Values: []dev.Value{{Name: "id", Value: "8C0D.node01", Help: "of the checkout"}, {Name: "resourcePath", Value: "/v3/checkouts/8C0D.node01/payment"}}}))
		}},
		{"dev-inbox", "Webhook inbox", func(w http.ResponseWriter, r *http.Request) { report(w, dev.ShowInbox(w, r, links, inbox)) }},
		{"dev-inbox-empty", "Webhook inbox, empty", func(w http.ResponseWriter, r *http.Request) {
			report(w, dev.ShowInbox(w, r, links, dev.Inbox{Address: inbox.Address}))
		}},
		{"dev-outbox", "Outbox", func(w http.ResponseWriter, r *http.Request) {
			report(w, dev.ShowOutbox(w, r, links, dev.Outbox{Letters: []dev.Letter{
				{ID: "2", At: now, Channel: "email", To: "nora.lunde@example.com", Subject: "Invoice 10023 from Lind Media", State: "held", Text: "Hello Nora,\n\nHere is invoice 10023 from Lind Media.\n\nTo pay: NOK 349.00\nPay online: https://pay.example/i/u3k9",
					Links: []string{"https://pay.example/i/u3k9"}, Files: []dev.Link{{Title: "invoice-10023.pdf", Path: Prefix + "dev-outbox"}}},
				{ID: "1", At: now.Add(-time.Hour), Channel: "sms", To: "+4790000001", State: "held", Text: "481 204 is your code for Lind Media."},
			}}))
		}},
		{"dev-sandbox", "Sandbox catalogue", func(w http.ResponseWriter, r *http.Request) { report(w, dev.ShowSandbox(w, r, links, sandbox)) }},
		{"dev-changes", "Changes of the contracts", func(w http.ResponseWriter, r *http.Request) {
			report(w, dev.ShowChanges(w, r, links, dev.Changes{Documents: []dev.Changed{{Title: "Gateway v3", Path: Prefix + "dev-docs", List: []docs.Change{
				{On: "2026-11-28", What: docs.Pieces("`createdBy` of `CreatePayment`"), About: []docs.Paragraph{docs.Pieces("Who made the order.")}},
				{On: "2024-08-27", What: docs.Pieces("`paymentMethodId` of `CreatePayment`")}}}}}))
		}},
		{"dev-docs", "Reference of a contract", func(w http.ResponseWriter, r *http.Request) { report(w, dev.ShowDocs(w, r, links, ref)) }},
	}
}
