package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/method"
)

type clientCommand struct {
	Make   clientMake   `cmd:"" help:"Make a client of the login server; its secret is shown once."`
	Change clientChange `cmd:"" help:"Change a client's addresses, or give it a new secret."`
	List   clientList   `cmd:"" help:"List the clients of an organisation."`
}

// addresses are what a client may be told again.
type addresses struct {
	Redirect    []string      `help:"An address that codes go to, letter by letter; may stand several times." placeholder:"URL"`
	Host        []string      `help:"A host that pages may lead back to (site.example, site.example:8443, or an app's scheme with a colon)." placeholder:"HOST"`
	Scope       []string      `help:"read, write; both without any." placeholder:"SCOPE"`
	ResultParam string        `help:"The parameter that carries a result back." placeholder:"NAME"`
	AccessLife  time.Duration `help:"How long access tokens live, such as 1h; 12h without." placeholder:"TIME"`
}

// onto lays what was said over a client.
func (a addresses) onto(c *login.Client) {
	if a.Redirect != nil {
		c.Redirects = a.Redirect
	}
	if a.Host != nil {
		c.Hosts = a.Host
	}
	if a.Scope != nil {
		c.Scopes = a.Scope
	}
	if a.ResultParam != "" {
		c.ResultParam = a.ResultParam
	}
	if a.AccessLife != 0 {
		c.AccessLife = a.AccessLife
	}
}

type clientMake struct {
	settings
	addresses
	Organisation string `arg:"" help:"Whose client; made if there is no such organisation."`
	Client       string `arg:"" help:"The client id: no.publisher.site."`
	Environment  string `help:"test or live." enum:"test,live" default:"test"`
	Name         string `help:"The site's name, as readers see it." required:""`
	Entity       string `help:"The profile (entity) whose merchant the site belongs to." placeholder:"CODE"`
	Public       bool   `help:"An app that can keep no secret; it has to use PKCE."`
	Remember     bool   `help:"Readers stay signed in for a month."`
}

func (k clientMake) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := realmOf(ctx, a, k.Organisation, access.Environment(k.Environment), true)
		if err != nil {
			return err
		}
		c := login.Client{Code: k.Client, Name: k.Name, Remember: k.Remember}
		k.onto(&c)
		if k.Entity != "" {
			_, owner, err := a.Merchants.ByCode(ctx, realm.ID, k.Entity)
			if err != nil {
				return err
			}
			c.Merchant = owner.ID
		}
		c, secret, err := a.Login.AddClient(ctx, realm.ID, operator, c, method.Secret{}, k.Public)
		if err != nil {
			return err
		}
		return tell(c, secret)
	})
}

type clientChange struct {
	settings
	addresses
	Client    string `arg:"" help:"The client id."`
	NewSecret bool   `help:"Give it a new secret; the old one is good no longer."`
	Disable   bool   `help:"Close it: no sign-in, and its tokens are good no longer."`
	Enable    bool   `help:"Open it again."`
}

func (k clientChange) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		c, err := a.Login.AnyClient(ctx, k.Client)
		if err != nil {
			return err
		}
		var secret method.Secret
		if k.NewSecret {
			if secret, err = a.Login.NewSecret(); err != nil {
				return err
			}
		}
		c, err = a.Login.ChangeClient(ctx, c.Realm, operator, k.Client, secret, func(c *login.Client) {
			k.onto(c)
			switch {
			case k.Disable:
				c.DisabledAt = time.Now()
			case k.Enable:
				c.DisabledAt = time.Time{}
			}
		})
		if err != nil {
			return err
		}
		return tell(c, secret)
	})
}

// tell prints a client, and its secret if there is one to show.
func tell(c login.Client, secret method.Secret) error {
	text := fmt.Sprintf("client     %s\nredirects  %s\nhosts      %s\nscopes     %s\n", c.Code, strings.Join(c.Redirects, " "), strings.Join(c.Hosts, " "), strings.Join(c.Scopes, " "))
	if !secret.Empty() {
		text += "secret     " + secret.Reveal() + "\n\nThe secret is shown this once: florin keeps a hash of it.\n"
	}
	_, err := fmt.Print(text)
	return err
}

type clientList struct {
	settings
	Organisation string `arg:"" help:"Whose clients."`
	Environment  string `help:"test or live." enum:"test,live" default:"test"`
}

func (k clientList) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := realmOf(ctx, a, k.Organisation, access.Environment(k.Environment), false)
		if err != nil {
			return err
		}
		list, err := a.Login.Clients(ctx, realm.ID)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, c := range list {
			kind := "secret"
			if c.Public() {
				kind = "public"
			}
			if !c.DisabledAt.IsZero() {
				kind = "disabled"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Code, kind, strings.Join(c.Scopes, " "), strings.Join(c.Hosts, " "), strings.Join(c.Redirects, " "))
		}
		return w.Flush()
	})
}
