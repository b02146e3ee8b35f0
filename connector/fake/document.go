package fake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
)

// Document is docs/sandbox.md, made from the tables that the provider works
// by.
func Document() string {
	var b strings.Builder
	b.WriteString(opening)
	b.WriteString("\n## Test cards\n\nAny expiry in the future and any security code will do. The flow is what 3-D Secure does when it runs; without it these cards succeed.\n\n")
	flows := []Flow{Plain, Full, Attempted, Technical, NotIn, Challenge, Soft, Invalid}
	b.WriteString("| brand | number | flow |\n| --- | --- | --- |\n")
	for _, flow := range flows {
		for _, c := range Cards {
			if c.Flow == flow {
				fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c.Brand, c.Number, flow)
			}
		}
	}
	b.WriteString(cardNotes)
	b.WriteString("\n### Cards whose issuer has made up its mind\n\nThe amount does not matter to these.\n\n| brand | number | outcome |\n| --- | --- | --- |\n")
	for _, c := range IssuerCards {
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c.Brand, c.Number, c.Does)
	}
	b.WriteString("\n## Amounts\n\nFor a card that is in no table of this page, the last two digits of the amount in minor units decide:\n\n| ends in | outcome |\n| --- | --- |\n")
	for _, row := range Amounts() {
		fmt.Fprintf(&b, "| `%02d` | %s |\n", row.Cents, row.Does)
	}
	b.WriteString("| others | approved |\n")
	b.WriteString(wishes)
	b.WriteString("\n## Faults\n\n" + faultNotes)
	for _, t := range Catalogue {
		fmt.Fprintf(&b, "\n### %s\n\n", t.Fault)
		fmt.Fprintf(&b, "- card: `%s`\n- strikes: %s\n- at the provider: %s\n- the answer: %s\n- afterwards: %s\n", t.Number(), kindsText(t.On), t.Does, t.Answer, t.After)
	}
	for _, t := range Dishonours {
		fmt.Fprintf(&b, "\n### %s\n\n", t.Fault)
		fmt.Fprintf(&b, "- direct debits alone, by a wish\n- at the provider: %s\n- the answer: %s\n- afterwards: %s\n", t.Does, t.Answer, t.After)
	}
	b.WriteString(rails)
	b.WriteString(payoutNotes)
	b.WriteString(settlementNotes())
	b.WriteString(closing)
	return b.String()
}

// Amount is what the last two digits of an amount bring about, for a card that
// is in no table.
type Amount struct {
	Cents int64
	Does  string
}

// Amounts are all of them, in order.
func Amounts() []Amount {
	rows := []Amount{
		{downCents, "refused, `" + noProvider + "`: nothing was sent (fault `provider_down`)"},
		{reviewCents, "approved, with a risk review"},
		{laterCents, "pending, approved after 5 seconds"},
		{neverCents, "pending, refused after 30 minutes, `" + timedOut + "`"},
	}
	for cents, t := range triggers {
		rows = append(rows, Amount{cents, "refused, `" + t.Code + "`"})
	}
	slices.SortFunc(rows, func(a, b Amount) int { return int(a.Cents - b.Cents) })
	return rows
}

func kindsText(kinds []connector.Kind) string {
	if len(kinds) == len(every) {
		return "every operation"
	}
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

const opening = `# The sandbox

<!-- Made from the tables in connector/fake; go test ./connector/fake -update rewrites it. -->

On a test realm every payment goes to the test provider. It keeps books of its
own, in its own units: cards in minor units, wallets in decimal text of the
major unit, vouchers in thousandths. It checks captures, voids and refunds by
itself, sends signed callbacks, and shows the payer pages that look like a test
bank's. No real money moves.
`

const cardNotes = `
The soft decline asks for authentication: without a challenge it refuses with
` + "`" + softDecline + "`" + `; repeated with one, it succeeds.

Technical U stops a payment with ` + "`" + authTechnical + "`" + `. A card that is not
enrolled goes on without a shift of liability.
`

const wishes = `
## Wishes

What a surface passes on from the request, test mode only. The gateway contract
reads them from ` + "`customParameters`" + `.

| wish | gateway parameter | values |
| --- | --- | --- |
| outcome | ` + "`forceResultCode`, as a result code" + ` | ` + "`approved`, `review`, `pending`, `approved_later`, `declined_later` (pending for a minute), or a code `declined...` or `unavailable...`" + ` |
| fault | ` + "`florin_fault`" + ` | a name from the catalogue below, with seconds if they matter: ` + "`slow_answer:30`" + ` |
| 3DS2_enrolled | ` + "`3DS2_enrolled`" + ` | ` + "`true`, `false`" + ` |
| 3DS2_flow | ` + "`3DS2_flow`" + ` | ` + "`challenge`, `frictionless`, `attempted`, `technical`, `failed`, `rejected`" + ` |

An outcome that was wished for comes before test cards and amounts.

## Pages

- 3-D Secure: confirm (approved), decline (` + "`" + doNotHonour + "`" + `; a stand-alone
  authentication ` + "`" + authFailed + "`" + `), technical error
  (` + "`" + authError + "`" + `), cancel (` + "`" + challengeLeft + "`" + `).
- Wallet (Vipps, Swish, MobilePay, Klarna, PayEx, Nexi, PayPal ...): approve, fail
  (` + "`" + doNotHonour + "`" + `), cancel (` + "`" + walletLeft + "`" + `); approve and let the wallet take a
  minute, or say nothing at all in that minute.
- Agreement (Vipps, MobilePay, Klarna, PayEx, Nexi): the same choices. PayTo has no
  page: it is agreed after five seconds, or refused for a phone that ends in 99.
- Voucher: the slip can be paid at the counter with any amount, and more than
  once. It is good for three days.

A page is good for 30 minutes; then the payment is refused with
` + "`" + timedOut + "`" + `.
`

const faultNotes = `A fault is brought by a wish or by its test card. A fault that strikes captures
or refunds only waits until one is made on a payment with that card.

Callbacks tell what was pending when it is settled. An operation that was
answered at once is followed by a callback only if a callback fault asks for
one.
`

const rails = `
## Direct debits

A direct debit is pending. At midnight (UTC) it goes to the payer's bank, and can
be withdrawn until then; two banking days later (no Saturdays, no Sundays) it has
cleared. The bank with the BSB 062-000 does not honour accounts that end in 0000:
` + "`" + noCover + "`" + `, when the two days are over. So does a wished refusal.

` + "`POST /sandbox/payments/{id}/clear`" + ` lets it clear at once,
` + "`POST /sandbox/payments/{id}/dishonour`" + ` (` + "`code`" + `, insufficient funds without one) fails
it, or takes the money back when it had cleared.

A refund of a direct debit or a bank transfer is pending as long: it arrives two
banking days after the midnight that follows it, and can come back later as any
other.

## Agreements

An agreement that stands can be charged, and the amount decides as for a card
that is in no table. ` + "`POST /sandbox/mandates/{id}`" + ` with ` + "`state`" + ` moves it:
` + "`active`, `refused`, `suspended`, `revoked`, `expired`" + `. A charge of one that the payer
has ended is refused with ` + "`" + fault.DeclinedMandateCancelled + "`" + `, of one that has run out with
` + "`" + fault.DeclinedMandateExpired + "`" + `.

## The Spense organizations

Fjord Bil's profile for cars takes Vipps, bank transfer and direct debit and has colours of its own; its workshop takes Vipps
and cards; of Nordlys, the profile for cars takes Swish too. Each link shows what its profile takes and nothing else.

The last two digits of the amount say what becomes of a payment:

| ends in | by link, with a card | by a terminal | by the test bill |
| --- | --- | --- | --- |
| ` + "`01`" + ` | declined once | declined | ` + "`REJECTED`" + ` after 5 seconds |
| ` + "`02`" + ` | cancelled by the payer once | cancelled | ` + "`REJECTED`" + ` after 5 seconds |
| ` + "`03`" + ` | pending for a minute, then paid | times out | paid after a minute |
| ` + "`04`" + ` | pending for a minute, then ` + "`REJECTED`" + ` | off | ` + "`REJECTED`" + ` after a minute |
| ` + "`05`" + ` | ` + "`UNKNOWN`" + ` for a minute, then paid | falls silent, then paid | ` + "`UNKNOWN`" + ` for a minute, then paid |
| others | paid | paid after 3 seconds | paid after 5 seconds |

Bills of a kind that an organization has of its own (` + "`florin channel add --kind invoice`" + `) wait for a transfer that names them,
by ` + "`POST /sandbox/transfers`" + ` or a statement, whatever the amount.

## Readers, papers and vouchers

A reader is made at ` + "`/login/createUser`" + ` with any e-mail address or number: the code is in the outbox (` + "`/outbox`, or `GET /sandbox/outbox?to=ADDRESS`" + `).
` + "`POST /capi/v1/subscription`" + ` takes a paper, with its bill; the clock brings the next ones, a month later each. A bill that nobody pays by
hand is due in fourteen days, its payer is reminded five and fourteen days after that, and shut out after twenty-one.

The test merchant sells two papers by the month: ` + "`DAGSN`" + `, which the test reader takes, with an invoice that is not paid, and ` + "`HELG`" + `,
which can be ordered. The voucher ` + "`HELGEGAVE-2026`" + ` opens a coupon of ` + "`HELG`" + ` for 49 kroner, a thousand times. An order that nobody
fulfils is cancelled once the clock has gone on by a day. More are made with the sandbox stopped, on the database of ` + "`--database`" + `:

` + "```" + `
florin product add sandbox LM000117 NATT --name "Nattavisen" --price 61.55 --currency NOK --database dev.db
florin coupon add sandbox NATT 1 --code NATT --price 61.55 --database dev.db
florin voucher add sandbox NATT/1 --uses 10 --database dev.db
` + "```" + `

To have a renewal fail:

- by a stored way to pay, a price as in Amounts: each charge of 61.55 is refused for want of money, on its day, a day and four days later;
  then it is invoices again, with a reminder. Or ` + "`POST /sandbox/mandates/{id}`" + ` with ` + "`state=suspended`" + ` before the day, and ` + "`active`" + ` after it, so that
  the next try succeeds; ` + "`revoked` or `expired`" + ` ends it for good. The id is the token's name in its list (` + "`recurrenceToken`, `agreementRef` ..." + `).
- by a bank, a price whose last two digits are those of the next section;
- by hand, leave it: see above.

## Bank files

Once a day, at six in the morning (UTC) of the realm's clock, claims and mandates go to the banks in files, and theirs are fetched:
move the clock by a day, then by two weeks. In Norway payers agree the day after they were asked; a claim of 61 øre at the end has no
cover, 62 has cover a day later, 63 finds the account closed, 64 is paid and taken back three days later. ` + "`GET /sandbox/bankfiles`" + ` lists what
went to and fro, ` + "`GET /sandbox/bankfiles/{id}`" + ` says what a file holds.

## Terminals

Every name is a terminal; one that ends in a2 is switched off at first. A terminal
serves itself, and the last two digits of the amount decide:

| ends in | outcome |
| --- | --- |
| ` + "`01`" + ` | declined after three seconds |
| ` + "`02`" + ` | cancelled by the payer after three seconds |
| ` + "`03`" + ` | nobody pays: the time runs out after two minutes |
| ` + "`04`" + ` | switched off: refused, ` + "`" + fault.UnavailableTerminalOff + "`" + ` |
| ` + "`05`" + ` | no answer for a minute, then paid |
| others | paid after three seconds |

It takes one payment at a time (` + "`" + fault.UnavailableTerminalBusy + "`" + `). ` + "`GET /sandbox/terminals`" + ` says
where its page is, on which a cashier takes it over, approves, declines, lets the
time run out, switches it off, and sees what it has printed;
` + "`POST /sandbox/terminals/{name}`" + ` with ` + "`state=cashier`" + ` hands it over; ` + "`entityId`" + ` or
` + "`organizationId`" + ` says whose it is. The start page and the ready file have the cashier's
pages of the Spense organization's terminals: the test terminal, the one of the front desk
and the one of the workshop.

## Bank transfers

A bank transfer is pending, with a reference of ten characters and the test bank's
account to send the money to, for fourteen days. ` + "`POST /sandbox/transfers`" + ` with
` + "`reference`, `amount`, `currency`" + ` and perhaps ` + "`payer`" + ` lets money arrive: less than the
amount, and it waits for the rest; more, twice, late, or with a reference that
nobody waits for, and what is over is held until somebody decides.
` + "`GET /sandbox/transfers`" + ` lists what is held;
` + "`POST /sandbox/transfers/{id}`" + ` with ` + "`payment`" + ` gives it to a payment, and without sends
it back.

` + "`POST /sandbox/payments/{id}/cancel`" + ` withdraws any payment that is pending, if its
provider still can.
`

const closing = `
## Wallets

` + "`POST /sandbox/wallets/apple` and `/google`" + ` make packets as Apple Pay and Google Pay do,
of JSON with ` + "`number`, `expiryMonth`, `expiryYear`" + `; for Apple Pay also ` + "`amount`" + ` in
minor units and ` + "`currency`" + ` as the three digits of ISO 4217, for Google Pay
` + "`merchantId`" + `, the merchant's id in the April contract.

## Callbacks

Each has the headers ` + "`" + HeaderID + "`, `" + HeaderTime + "` (seconds since 1970) and `" + HeaderSignature + "`" + `.
The signature is ` + "`v1=`" + ` and the hexadecimal HMAC-SHA-256 of id, a dot, the timestamp,
a dot and the raw body; several, apart by spaces, may stand there. A callback
older than five minutes, or from further ahead, is refused. A repeat carries the
same id.

## Messages

Nothing leaves a test realm: e-mails and SMS are held, with their links, on the
page /outbox of ` + "`florin dev`, and in `GET /sandbox/outbox` (`to`, `object`, `below`" + `
narrow it). Addresses, domains and numbers that the operator names in
` + "`message-allowed`" + ` really get theirs.

## The books

They live in memory, or in a file that the processes of one machine share: a
line of JSON per change, with the first six and the last four digits of a card
and neither its number nor its security code. They survive the death of their
processes. Nobody waits for the disk, so the last lines may be lost when the
machine loses power: they are a sandbox, not a bank.
`
