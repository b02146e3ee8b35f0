package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// start prepares this test program to run as a child in a role.
func start(t *testing.T, role, database string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "FLORIN_STORE_CHILD="+role, "FLORIN_STORE_DATABASE="+database)
	return cmd
}

// child is what such a process does. It prints what was acknowledged.
func child(role string) int {
	if role == "starve" { // no file may grow beyond this; writes then fail
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 300 << 10, Max: 300 << 10}); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	db, err := store.Open(context.Background(), store.Options{Database: os.Getenv("FLORIN_STORE_DATABASE")})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if role == "open" {
		if err := db.Close(); err != nil {
			fmt.Println(err)
			return 1
		}
		return 0
	}
	out := make(chan string)
	for w := range 8 {
		go func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, n)
				out <- outcome(id, pair(db, id))
			}
		}()
	}
	for {
		select {
		case line := <-out:
			os.Stdout.WriteString(line)
		case <-db.Failed():
			os.Stdout.WriteString("failed\n")
			for end := time.After(100 * time.Millisecond); ; { // what is said after it counts too
				select {
				case line := <-out:
					os.Stdout.WriteString(line)
				case <-end:
					return 3
				}
			}
		}
	}
}

// pair writes two notes that must not be found one without the other.
func pair(db *store.DB, id string) error {
	return update(db, func(tx *store.Tx) error {
		addNote(tx, id, 1, "")
		addNote(tx, id+"b", 2, strings.Repeat("x", 200)+id)
		return nil
	})
}

func outcome(id string, err error) string {
	switch {
	case err == nil:
		return "yes " + id + "\n"
	case errors.Is(err, store.ErrUnknown):
		return "unknown " + id + "\n"
	case errors.Is(err, store.ErrUnavailable):
		return "no " + id + "\n"
	}
	return "what " + err.Error() + "\n"
}

// audit opens what a child has left and holds it to what the child has said.
func audit(t *testing.T, database string, lines []string) (acknowledged int) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Database: database})
	must(t, err)
	defer db.Close()
	there := map[string]bool{}
	must(t, db.View(t.Context(), realmA, func(tx *store.Tx) error {
		return tx.All(`SELECT id FROM note WHERE realm = $1`, []any{realmA}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			there[id] = true
			return err
		})
	}))
	for id := range there {
		if strings.HasSuffix(id, "b") != there[strings.TrimSuffix(id, "b")] && !there[id+"b"] {
			t.Errorf("half of %s is there", id)
		}
	}
	for _, line := range lines {
		said, id, _ := strings.Cut(line, " ")
		switch {
		case said == "yes" && !there[id]:
			t.Errorf("%s was acknowledged and is lost", id)
		case said == "yes":
			acknowledged++
		case said == "no" && there[id]:
			t.Errorf("%s was refused and is there", id)
		case said == "what":
			t.Error(line)
		}
	}
	must(t, db.View(t.Context(), realmA, func(tx *store.Tx) error {
		var verdict string
		_, err := tx.Get([]any{&verdict}, `PRAGMA integrity_check`)
		if verdict != "ok" {
			t.Errorf("integrity check: %s", verdict)
		}
		return err
	}))
	return acknowledged
}

func notesFile(t *testing.T) string {
	t.Helper()
	var o store.Options
	db := storetest.Open(t, "sqlite", func(given *store.Options) { o = *given })
	makeNotes(t, db)
	must(t, db.Close())
	return o.Database
}

// collect runs a child until it ends, at the latest kills it after a time, and
// returns its lines.
func collect(t *testing.T, cmd *exec.Cmd, after time.Duration) (lines []string, code int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	must(t, err)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what strace runs is killed with it
	must(t, cmd.Start())
	timer := time.AfterFunc(after, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		lines = append(lines, scan.Text())
	}
	cmd.Wait() // a killed child is no error here
	return lines, cmd.ProcessState.ExitCode()
}

// Killed at any moment, a process leaves everything it has acknowledged and
// nothing by half.
func TestKill(t *testing.T) {
	database := notesFile(t)
	var lines []string
	acknowledged := 0
	kills := 0
	for kills < 12 || acknowledged == 0 && kills < 40 { // on a busy machine a child needs longer to begin
		latest := time.Duration(120+25*kills) * time.Millisecond
		more, _ := collect(t, start(t, "write", database), 30*time.Millisecond+rand.N(latest))
		lines = append(lines, more...)
		acknowledged = audit(t, database, lines)
		kills++
	}
	t.Logf("%d kills, %d acknowledged, none lost", kills, acknowledged)
	if acknowledged == 0 {
		t.Error("the children were killed before they did anything")
	}
}

// After the first write that fails, the store stops acknowledging and says so.
func TestWriteError(t *testing.T) {
	database := notesFile(t)
	lines, code := collect(t, start(t, "starve", database), 20*time.Second)
	if code != 3 {
		t.Fatalf("the child ended with %d and %d lines, want 3", code, len(lines))
	}
	failed := -1
	for i, line := range lines {
		if line == "failed" {
			failed = i
		}
	}
	for i, line := range lines {
		// Eight answers given before the failure may still be on their way.
		if i > failed+8 && strings.HasPrefix(line, "yes") {
			t.Errorf("acknowledged after the failure: line %d, failed at %d", i, failed)
		}
	}
	if audit(t, database, lines) == 0 {
		t.Error("nothing was acknowledged before")
	}
}

// The same with the kernel failing a flush to disk, or killing the process at
// it, at one place after the other.
func TestFlushError(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is not installed: make test installs it; on Debian, apt-get install strace")
	}
	runs := 6
	if n, err := strconv.Atoi(os.Getenv("FLORIN_TEST_INJECT")); err == nil {
		runs = n
	}
	empty := notesFile(t)
	acknowledged, failures := 0, 0
	for n := range runs {
		for _, inject := range []string{"fdatasync,fsync:error=EIO", "fdatasync,fsync:signal=SIGKILL", "pwrite64:error=EIO", "pwrite64:signal=SIGKILL", "pwrite64:error=ENOSPC"} {
			database := filepath.Join(t.TempDir(), "florin.db")
			copyFile(t, empty, database)
			cmd := start(t, "write", database)
			cmd.Args = []string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync,pwrite64", "-e", fmt.Sprintf("inject=%s:when=%d", inject, 3+n*n), cmd.Path}
			cmd.Path = strace
			lines, code := collect(t, cmd, 2*time.Second)
			if code == 3 {
				failures++
			}
			acknowledged += audit(t, database, lines)
			if t.Failed() {
				t.Fatalf("with %s at %d", inject, 3+n*n)
			}
		}
	}
	t.Logf("%d runs, %d acknowledged, none lost; %d ended by the store", 5*runs, acknowledged, failures)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, data, 0o600))
}

// A full disk refuses and, when there is room again, goes on by itself.
func TestDiskFull(t *testing.T) {
	db := storetest.Open(t, "sqlite", nil)
	makeNotes(t, db)
	limit := func(pages int) {
		must(t, update(db, func(tx *store.Tx) error {
			var now int
			_, err := tx.Get([]any{&now}, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		}))
	}
	limit(60)
	written, refused := 0, 0
	for i := range 400 {
		switch err := pair(db, fmt.Sprint(i)); {
		case err == nil:
			written++
		case errors.Is(err, store.ErrUnavailable):
			refused++
		default:
			t.Fatal(err)
		}
	}
	if written == 0 || refused == 0 {
		t.Fatalf("%d written, %d refused", written, refused)
	}
	if noteOf(t, db, realmA, "0") != 1 {
		t.Error("a full disk keeps readers out")
	}
	limit(1 << 30)
	for i := range 400 {
		if err := pair(db, fmt.Sprint("again", i)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-db.Failed():
		t.Error("a full disk is no reason to end")
	default:
	}
}

// The write-ahead log does not grow without end while the writer never rests.
func TestLogBounded(t *testing.T) {
	var o store.Options
	db := storetest.Open(t, "sqlite", func(given *store.Options) { o = *given })
	makeNotes(t, db)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := pair(db, fmt.Sprint(w, "-", n)); err != nil {
					t.Error(err)
				}
				noteOf(t, db, realmA, "0-0")
			}
		})
	}
	largest, total := int64(0), int64(0)
	for range 30 {
		time.Sleep(100 * time.Millisecond)
		info, err := os.Stat(o.Database + "-wal")
		must(t, err)
		largest = max(largest, info.Size())
		if info, err = os.Stat(o.Database); err == nil {
			total = info.Size()
		}
	}
	close(stop)
	wg.Wait()
	t.Logf("database %d KiB, log at most %d KiB", total>>10, largest>>10)
	if largest > 64<<20 {
		t.Errorf("the log grew to %d MiB", largest>>20)
	}
	if total == 0 {
		t.Error("nothing was moved into the database")
	}
}
