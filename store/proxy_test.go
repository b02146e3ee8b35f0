package store_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// proxy stands between the store and PostgreSQL and breaks what passes.
type proxy struct {
	listener net.Listener
	network  string
	target   string

	mu    sync.Mutex
	conns map[net.Conn]bool

	away    atomic.Bool   // accept and hang up
	silent  atomic.Bool   // take what the store sends, and pass nothing on
	cutAt   atomic.Int64  // hang up at the n-th piece that the store sends; 0 never
	deliver atomic.Bool   // and pass that piece on before
	late    chan struct{} // if set, pass it on once this is closed
	over    chan struct{} // closed when the late piece's connection is
	pieces  atomic.Int64
}

// proxied opens a store through a proxy.
func proxied(t *testing.T, mod func(o *store.Options)) (*store.DB, *proxy) {
	t.Helper()
	p := &proxy{conns: map[net.Conn]bool{}}
	db := storetest.Open(t, "postgres", func(o *store.Options) {
		config, err := pgx.ParseConfig(o.Database)
		must(t, err)
		p.network, p.target = pgxNetwork(config)
		p.listener, err = net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		u, err := url.Parse(o.Database)
		must(t, err)
		q := u.Query()
		q.Del("host")
		u.RawQuery, u.Host = q.Encode(), p.listener.Addr().String()
		o.Database = u.String()
		if mod != nil {
			mod(o)
		}
		go p.serve()
	})
	t.Cleanup(func() { p.listener.Close(); p.hangUp() })
	return db, p
}

func pgxNetwork(config *pgx.ConnConfig) (network, address string) {
	if filepath.IsAbs(config.Host) {
		return "unix", filepath.Join(config.Host, ".s.PGSQL.5432")
	}
	return "tcp", net.JoinHostPort(config.Host, portText(config.Port))
}

func (p *proxy) serve() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.away.Load() {
			in.Close()
			continue
		}
		out, err := net.Dial(p.network, p.target)
		if err != nil {
			in.Close()
			continue
		}
		p.mu.Lock()
		p.conns[in], p.conns[out] = true, true
		p.mu.Unlock()
		go func() {
			io.Copy(in, out)
			if p.late == nil {
				p.drop(in, out)
			}
		}()
		go p.forward(in, out)
	}
}

func (p *proxy) forward(in, out net.Conn) {
	defer p.drop(in, out)
	buf := make([]byte, 1<<20)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		for p.silent.Load() {
			time.Sleep(time.Millisecond)
		}
		if piece := p.pieces.Add(1); piece == p.cutAt.Load() {
			if p.deliver.Load() { // the server has it, and its answer does not come back
				in.Close()
				out.Write(buf[:n])
				time.Sleep(5 * time.Millisecond)
			}
			if p.late != nil {
				in.Close()
				<-p.late
				out.Write(buf[:n])
				time.Sleep(100 * time.Millisecond) // it has all it needs; its answers go nowhere
				out.Write([]byte{'X', 0, 0, 0, 4})
				close(p.over)
			}
			return
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(p.conns, c)
	}
}

// hangUp closes every connection.
func (p *proxy) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// direct is another way to the same database.
func direct(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	must(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
