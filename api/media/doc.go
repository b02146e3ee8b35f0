// Package media speaks the media-subscription contract (contract sheet media):
// readers, their subscriptions and invoices, and how they pay. It is what a
// reader's site calls, with an access token of the login server.
//
// routes.go is the whole contract on one screen: each operation, its mode and
// its handler, if it is served yet. auth.go and errors.go hold section 2,
// oauth.go and metadata.go the login server's endpoints that programs call
// (section 3); its pages are web/login's. Then follows a file for each noun.
package media
