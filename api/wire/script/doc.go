// Package script is a test kit for the surfaces: it runs a contract's requests
// and answers, written down in turn, through a whole florin, and holds every
// answer to the contract's OpenAPI document. The scripts are the examples of
// the documentation.
//
// A script is a txtar archive. Its comment says what it shows; then follow
// requests and answers, numbered:
//
//	-- 1 request --
//	# A card is charged.
//	POST /gateway/v3/payments
//	Idempotency-Key: inv-1
//
//	entityId=LM000117
//	card.holder=Nora Lind
//	-- 1 answer --
//	200
//	{
//	  "id": "<id>"
//	}
//
// The lines of a body are parameters of a form, as they are before encoding; a
// request with a Content-Type has its body sent as it stands. A header with
// nothing behind the colon takes a default header away. {1.id} is the id of
// answer 1, {1.redirect.url} goes deeper, {1.Location} is a header; {base} and
// what else the Bench knows is filled in too. In answers, what differs from run
// to run is put as <id>, and what an earlier answer said already as {1.id}.
//
// Beside HTTP's methods there is RECEIVE: it waits for a notification posted
// to the path of the Bench's own server, and the answer is that notification.
// Lines of a request that begin with @ are for the kit:
//
//	@until 000.600.000   asks again until the answer holds this text
//	@equals 2            the body is that of answer 2, byte for byte
//
// go test -update writes the answers anew.
package script
