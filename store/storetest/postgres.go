package storetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/florinpay/florin/store"
)

// cluster is the PostgreSQL of this process: the one that FLORIN_TEST_POSTGRES
// names, or one of its own.
var cluster struct {
	sync.Mutex
	url      string
	stop     func() error // nil for one that is not ours
	template string
	err      error
}

// freshPostgres makes a database from the migrated template and drops it when
// the test ends.
func freshPostgres(t testing.TB) string {
	t.Helper()
	cluster.Lock()
	defer cluster.Unlock()
	if cluster.url == "" && cluster.err == nil {
		cluster.err = startCluster()
	}
	if cluster.err != nil {
		t.Fatal(cluster.err)
	}
	name := randomName("florin_test_")
	if err := admin("CREATE DATABASE " + name + " TEMPLATE " + cluster.template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return withDatabase(name)
}

func startCluster() (err error) {
	cluster.url = given()
	if cluster.url == "" {
		if cluster.url, cluster.stop, err = Start(""); err != nil {
			return err
		}
	}
	cluster.template = randomName("florin_template_")
	if err := admin("CREATE DATABASE " + cluster.template); err != nil {
		return err
	}
	_, err = store.Migrate(context.Background(), store.Options{Database: withDatabase(cluster.template), Log: quiet})
	return err
}

func stopCluster() error {
	cluster.Lock()
	defer cluster.Unlock()
	switch {
	case cluster.stop != nil:
		return cluster.stop()
	case cluster.template != "":
		return admin("DROP DATABASE IF EXISTS " + cluster.template + " WITH (FORCE)")
	}
	return nil
}

// admin runs one statement on the cluster's own database.
func admin(text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, cluster.url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, text)
	return errors.Join(err, conn.Close(ctx))
}

func withDatabase(name string) string {
	u, err := url.Parse(cluster.url)
	if err != nil {
		panic(err) // pgx has understood it before
	}
	u.Path = "/" + name
	return u.String()
}

func randomName(prefix string) string {
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(fmt.Sprintf("no randomness: %v", err))
	}
	return prefix + hex.EncodeToString(b[:])
}
