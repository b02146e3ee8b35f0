// Package notify writes to people: e-mail and SMS. A message is written in the
// transaction of what it tells about, handed to the carrier by a job with no
// transaction open, and tried again until it is taken or its time is up. It
// owns the texts in six languages, the caps that keep a number or an address
// from being flooded, and the rule that nothing leaves a test realm but to
// addresses that the operator lists: there a message is held, to be looked at.
//
// How a message travels (SMTP, an SMS provider's HTTP) is the app's business,
// which gives two functions; who may ask for a message is the caller's.
package notify
