package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/florinpay/florin/app"
)

type listenCommand struct {
	URL       string `help:"The running sandbox." default:"http://127.0.0.1:8080" placeholder:"URL"`
	ForwardTo string `help:"Also post each webhook, as it came, to this address." placeholder:"URL"`
	JSON      bool   `name:"json" help:"Print one JSON object a line."`
	All       bool   `help:"Begin with those that came before."`
}

func (l listenCommand) Run(ctx context.Context) error {
	after := int64(0)
	if !l.All {
		list, err := l.poll(ctx, -1)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			after = list[len(list)-1].Seq
		}
	}
	fmt.Fprintln(os.Stderr, "listening for webhooks at", l.URL)
	for ctx.Err() == nil {
		list, err := l.poll(ctx, after)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, got := range list {
			after = got.Seq
			if err := l.show(ctx, got); err != nil {
				return err
			}
		}
	}
	return nil
}

// poll asks for what came after a number; -1 answers at once with all there is.
func (l listenCommand) poll(ctx context.Context, after int64) ([]app.Received, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/inbox/feed?after=%d", l.URL, after), nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s: is it a florin dev?", l.URL, res.Status)
	}
	var list []app.Received
	return list, json.NewDecoder(res.Body).Decode(&list)
}

func (l listenCommand) show(ctx context.Context, got app.Received) error {
	if l.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(got); err != nil {
			return err
		}
	} else {
		l.print(got)
	}
	if l.ForwardTo == "" {
		return nil
	}
	said, err := l.forward(ctx, got)
	if err == nil && !l.JSON {
		_, err = fmt.Println("  forwarded:", said)
	}
	return err
}

func (l listenCommand) print(got app.Received) {
	fmt.Printf("\n%s  POST %s  signature %s\n", got.At.Format(time.DateTime), got.Path, got.Signature)
	for _, name := range slices.Sorted(maps.Keys(got.Headers)) {
		fmt.Printf("  %s: %s\n", name, got.Headers[name])
	}
	fmt.Println(app.Pretty(got.Body))
}

// forward posts a webhook as it came and says what was answered. That a
// server does not answer is news, not a fault.
func (l listenCommand) forward(ctx context.Context, got app.Received) (said string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.ForwardTo, bytes.NewReader([]byte(got.Body)))
	if err != nil {
		return "", err
	}
	for name, v := range got.Headers {
		req.Header.Set(name, v)
	}
	client := &http.Client{Timeout: 30 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		return "no answer: " + err.Error(), nil
	}
	return res.Status, res.Body.Close()
}
