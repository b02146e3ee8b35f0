package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// given is the address of the cluster that somebody else has started for the
// tests, or "".
func given() string { return os.Getenv("FLORIN_TEST_POSTGRES") }

const oldest = 15

var leading = regexp.MustCompile(`\d+`)

// programs finds the folder of the newest PostgreSQL that is installed.
func programs() (string, error) {
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		dirs = append(dirs, found...)
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(initdb))
	}
	best, newest := "", oldest-1
	for _, dir := range dirs {
		out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
		if err != nil {
			continue // a folder without the server
		}
		if version, err := strconv.Atoi(string(leading.Find(out))); err == nil && version > newest {
			best, newest = dir, version
		}
	}
	if best == "" {
		return "", fmt.Errorf("no PostgreSQL %d or newer found: install it (on Debian: apt-get install postgresql), or name a throw-away cluster's superuser in FLORIN_TEST_POSTGRES", oldest)
	}
	return best, nil
}

// script makes a cluster and serves it until its input ends, which it does at
// the latest with the process that has started it. The locale sorts as people
// do, which shows every place that relies on the order of bytes.
const script = `
set -e
"$BIN/initdb" -D "$DIR/data" -U florin -A trust -E UTF8 --locale C.UTF-8 --locale-provider icu --icu-locale en-US >"$DIR/log" 2>&1
cat >>"$DIR/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$DIR'
max_connections = 300
fsync = on
full_page_writes = on
synchronous_commit = on
END
"$BIN/postgres" -D "$DIR/data" >>"$DIR/log" 2>&1 </dev/null &
read -r line || true
kill -QUIT $! || true
wait || true
rm -rf "$DIR"
`

// Start starts a PostgreSQL cluster in dir, or in a temporary folder when dir
// is "", and returns its superuser's address. It listens on a socket in that
// folder alone, keeps fsync on, and is removed with its folder by stop or when
// this process ends. As root it runs as the user postgres, or nobody.
func Start(dir string) (address string, stop func() error, err error) {
	bin, err := programs()
	if err != nil {
		return "", nil, err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "florin-pg"); err != nil {
			return "", nil, err
		}
	}
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "BIN="+bin, "DIR="+dir, "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from the keyboard is not for it
	if os.Getuid() == 0 {
		if cmd.SysProcAttr.Credential, err = unprivileged(dir); err != nil {
			return "", nil, err
		}
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	input, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() error { return errors.Join(input.Close(), <-ended) }
	address = "postgres://florin@/postgres?" + url.Values{"host": {dir}, "sslmode": {"disable"}}.Encode()
	if err := awake(address, ended, dir, &said); err != nil {
		return "", nil, errors.Join(err, input.Close())
	}
	return address, stop, nil
}

// unprivileged gives dir to a user as whom PostgreSQL, which refuses root, may run.
func unprivileged(dir string) (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

// awake waits until the cluster answers.
func awake(address string, ended chan error, dir string, said *bytes.Buffer) error {
	deadline := time.After(time.Minute)
	for {
		select {
		case err := <-ended:
			log, _ := os.ReadFile(filepath.Join(dir, "log")) // there may be none
			return fmt.Errorf("PostgreSQL did not start: %w\n%s%s", err, said, log)
		case <-deadline:
			return errors.New("PostgreSQL did not start within a minute")
		case <-time.After(20 * time.Millisecond):
		}
		conn, err := pgx.Connect(context.Background(), address)
		if err == nil {
			return conn.Close(context.Background())
		}
	}
}
