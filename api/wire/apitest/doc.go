// Package apitest is a test kit for the surfaces: a whole florin on a fresh
// database, served over HTTP to the tests of one contract, and the checks that
// every contract's document and scripts are put to. It knows no contract.
package apitest
