// Package florin is the root of a self-hosted payments platform. It holds no
// code: the rooms below it do (core, connector, store, api, web, app, cmd), and
// the tests here keep the house rules. CONTRIBUTING.md says what they are.
package florin
