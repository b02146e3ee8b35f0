// Package login keeps people who sign in: who they are, by which e-mail
// address or number, with a password or a code that was sent to them; their
// sessions; and the OAuth 2.0 clients that act for them or for themselves, with
// codes, access and refresh tokens (contract sheet media, 3).
//
// Everything that proves something is kept as a keyed hash, passwords as
// argon2id. Whether a credential is known is told to nobody who has not proven
// that it is his: the same words, the same work, the same time. It knows no
// HTTP; pages and redirects are the web's, what a person has bought and owes is
// other nouns'.
package login
