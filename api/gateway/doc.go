// Package gateway speaks the v3/payments contract (contract sheet A): form
// bodies in, JSON with ddd.ddd.ddd result codes out. It translates and decides
// nothing: what may be captured or refunded is the core's business, which code
// says so is this package's.
//
// routes.go is the whole contract on one screen; params.go and check.go hold
// section 7, codes.go section 17, errors.go sections 2 to 4 and 10, render.go
// section 8.
package gateway
