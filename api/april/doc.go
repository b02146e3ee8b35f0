// Package april speaks the April 3.0 contract (contract sheet B): JSON bodies
// with tagged one-ofs in, JSON out. It translates and decides nothing: who a
// merchant or a customer is and what becomes of them is the core's business.
//
// table.go is the whole contract on one screen: each operation with the
// credentials that may call it (sheet, 2.2) and its handler, if it is served
// yet. auth.go and scope.go hold section 2, json.go, body.go and query.go
// section 1, errors.go 1.6, again.go 6.9; then follows a file for each noun.
package april
