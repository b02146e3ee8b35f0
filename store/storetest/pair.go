package storetest

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pair is a PostgreSQL primary and its synchronous standby, on loopback.
type Pair struct {
	Address string // names both; whoever connects gets the one that takes writes

	t       testing.TB
	bin     string
	primary *server
	standby *server
}

// server is one of the two.
type server struct {
	dir   string
	port  string
	user  *syscall.Credential // nil for our own
	serve *exec.Cmd
	stop  func() error
}

// serveScript serves a cluster until its input ends, which it does at the
// latest with the process that has started it.
const serveScript = `
"$BIN/postgres" -D "$DIR/data" -p "$PORT" >>"$DIR/log" 2>&1 </dev/null &
echo $! >"$DIR/pid"
read -r line || true
kill -QUIT $! 2>/dev/null || true
wait || true
`

// StartPair makes both, waits until the standby is synchronous, and removes
// them when the test ends.
func StartPair(t testing.TB) *Pair {
	t.Helper()
	p := &Pair{t: t}
	var err error
	if p.bin, err = programs(); err != nil {
		t.Fatal(err)
	}
	p.primary, p.standby = p.room(), p.room()
	p.Address = "postgres://florin@127.0.0.1:" + p.primary.port + ",127.0.0.1:" + p.standby.port + "/postgres?" +
		url.Values{"sslmode": {"disable"}, "target_session_attrs": {"read-write"}}.Encode()
	p.run(p.primary, "initdb", "-D", filepath.Join(p.primary.dir, "data"), "-U", "florin", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8")
	conf := "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 100\nfsync = on\nfull_page_writes = on\nsynchronous_commit = on\nmax_wal_senders = 8\n"
	file, err := os.OpenFile(filepath.Join(p.primary.dir, "data", "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString(conf)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	p.serve(p.primary)
	p.follow()
	return p
}

// room is a folder and a port for a server.
func (p *Pair) room() *server {
	p.t.Helper()
	dir, err := os.MkdirTemp("", "florin-pg")
	if err != nil {
		p.t.Fatal(err)
	}
	s := &server{dir: dir}
	p.t.Cleanup(func() {
		if s.stop != nil {
			_ = s.stop() // killed or not, it has ended
		}
		if err := os.RemoveAll(dir); err != nil {
			p.t.Error(err)
		}
	})
	if os.Getuid() == 0 {
		if s.user, err = unprivileged(dir); err != nil {
			p.t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	s.port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *Pair) command(s *server, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "BIN="+p.bin, "DIR="+s.dir, "PORT="+s.port, "HOME="+s.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.user}
	return cmd
}

func (p *Pair) run(s *server, name string, args ...string) {
	p.t.Helper()
	if out, err := p.command(s, filepath.Join(p.bin, name), args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// serve starts a server and waits until it answers.
func (p *Pair) serve(s *server) {
	p.t.Helper()
	s.serve = p.command(s, "/bin/sh", "-c", serveScript)
	input, err := s.serve.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := s.serve.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd := s.serve
	s.stop = func() error { return errors.Join(input.Close(), cmd.Wait()) }
	p.wait(s, "an answer", `SELECT true`)
}

// wait asks a server until it says true.
func (p *Pair) wait(s *server, what, question string) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		yes := false
		err := p.ask(s, func(ctx context.Context, conn *pgx.Conn) error { return conn.QueryRow(ctx, question).Scan(&yes) })
		if err == nil && yes {
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(s.dir, "log")) // there may be none
			p.t.Fatalf("PostgreSQL: no %s within a minute: %v\n%s", what, err, log)
		}
	}
}

func (p *Pair) ask(s *server, fn func(ctx context.Context, conn *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, "postgres://florin@127.0.0.1:"+s.port+"/postgres?sslmode=disable")
	if err != nil {
		return err
	}
	return errors.Join(fn(ctx, conn), conn.Close(ctx))
}

// follow makes the standby a copy of the primary, and the primary wait for it
// at every commit. A standby that is promoted has nobody to wait for.
func (p *Pair) follow() {
	p.t.Helper()
	p.run(p.standby, "pg_basebackup", "-h", "127.0.0.1", "-p", p.primary.port, "-U", "florin", "-D", filepath.Join(p.standby.dir, "data"),
		"-X", "stream", "-R", "--checkpoint=fast")
	p.serve(p.standby)
	err := p.ask(p.primary, func(ctx context.Context, conn *pgx.Conn) error {
		for _, text := range []string{`ALTER SYSTEM SET synchronous_standby_names = '*'`, `SELECT pg_reload_conf()`} {
			if _, err := conn.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.wait(p.primary, "synchronous standby", `SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'`)
}

// Kill kills the primary's first process with SIGKILL; the others end when
// they notice.
func (p *Pair) Kill() {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.primary.dir, "pid"))
	if err != nil {
		p.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
}

// Promote makes the standby the primary, and returns when it takes writes.
func (p *Pair) Promote() {
	p.t.Helper()
	p.run(p.standby, "pg_ctl", "promote", "-D", filepath.Join(p.standby.dir, "data"), "-w")
	p.primary, p.standby = p.standby, p.primary
	p.wait(p.primary, "promoted server", `SELECT NOT pg_is_in_recovery()`)
}

// Rejoin throws away the one that was killed and makes it the new primary's
// synchronous standby.
func (p *Pair) Rejoin() {
	p.t.Helper()
	_ = p.standby.stop() // killed: an error is what it must say
	p.standby.stop = nil
	if err := os.RemoveAll(filepath.Join(p.standby.dir, "data")); err != nil {
		p.t.Fatal(err)
	}
	p.follow()
}
