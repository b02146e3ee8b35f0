// Package webhook tells merchants' servers what happened: endpoints, the
// deliveries owed to them, retries, signatures. A delivery is written in the
// transaction of its event, sent with no transaction open, and marked sent
// only after a 2xx answer, so that each event arrives at least once or ends as
// a dead letter that somebody hears of.
//
// Every address is judged when it is dialled, after the name was looked up, so
// that neither a private address nor a name that changes its mind gets a
// request out of this process. What a message says is the surfaces' business,
// which contract's words it uses too.
package webhook
