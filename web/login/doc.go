// Package login is the login server's pages: signing in with a password or a
// code, creating an account, signing out, and the authorisation page of OAuth
// (contract sheet media, 3.1 and 3.3). They are whole without scripts and load
// none. What a credential proves and how long a session lasts is core/login's;
// the endpoints that programs call are the contract's.
//
// A page leads back to addresses that are registered for the client alone. All
// else is an error page that leads nowhere.
package login
