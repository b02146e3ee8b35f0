package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/store"
)

// offline opens florin without serving, for commands that work on the database.
func offline(ctx context.Context, s settings, f func(*app.App) error) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	base := c.Get("url")
	if base == "" {
		base = "http://" + c.Get("listen")
	}
	a, err := app.Open(ctx, c, base, log, app.Parts{})
	if err != nil {
		return err
	}
	return errors.Join(f(a), a.Close())
}

type migrateCommand struct{ settings }

func (m migrateCommand) Run(ctx context.Context) error {
	c, err := m.load()
	if err != nil {
		return err
	}
	applied, err := store.Migrate(ctx, store.Options{Database: c.Get("database"), Log: slog.New(slog.DiscardHandler)})
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	if err == nil && len(applied) == 0 {
		_, err = fmt.Println("the schema is up to date")
	}
	return err
}

type doctorCommand struct{ settings }

func (d doctorCommand) Run(ctx context.Context) error {
	c, err := d.read()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SETTING\tVALUE\tFROM")
	for _, s := range app.Settings {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, app.Shown(s.Name, c.Get(s.Name)), c[s.Name].Origin)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Println()
	wrong := 0
	for _, check := range app.Examine(ctx, c) {
		mark := "ok   "
		if check.Wrong {
			mark = "WRONG"
			wrong++
		}
		fmt.Println(mark, strings.Join(lines(check.What), " "))
	}
	if wrong > 0 {
		return errFound
	}
	return nil
}

type verifyCommand struct{ settings }

func (v verifyCommand) Run(ctx context.Context) error {
	return offline(ctx, v.settings, func(a *app.App) error {
		meter := newMeter()
		report, err := a.Verify(ctx, meter.show)
		meter.clear()
		if err != nil {
			return err
		}
		for _, f := range report.Findings {
			fmt.Println(f)
		}
		fmt.Printf("%d realms, %d transfers, %d payments checked: ", report.Realms, report.Transfers, report.Payments)
		if len(report.Findings) > 0 {
			fmt.Printf("%d WRONG\n", len(report.Findings))
			return errFound
		}
		_, err = fmt.Println("the books are right")
		return err
	})
}
