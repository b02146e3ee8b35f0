package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestDiskFull fills a small disk: florin says no to new payments, forgets
// none that it said yes to, and takes payments again once there is room.
func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("florin", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("no disk can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	for _, books := range []string{"elsewhere", "on the same disk"} {
		t.Run(books, func(t *testing.T) {
			dir := filepath.Join(disk, strings.ReplaceAll(books, " ", "-"))
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			h := furnish(t, filepath.Join(dir, "florin.db"), "test")
			if books != "elsewhere" {
				h.args[5] = filepath.Join(dir, "books")
			}
			fullDisk(t, h, filepath.Join(dir, "ballast"))
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func fullDisk(t *testing.T, h *house, ballast string) {
	p := h.serve(t)
	before := h.must(t, "000.100.110", "/v3/payments", sale()...)
	fill(t, ballast, 64<<10)
	refusals, kept := 0, []string{before.ID}
	for n := 0; refusals < 10 && n < 2000; n++ {
		a, err := h.ask(fmt.Sprintf("key-%d", n), "/v3/payments", sale()...)
		switch {
		case err != nil:
			t.Fatalf("florin hung up: %v\n%s", err, p.err)
		case a.Status == 200 && class(a.Result.Code) != "no":
			kept = append(kept, a.ID)
		case a.Status == 503 && a.Result.Code == "800.800.800":
			refusals++
		default:
			t.Fatalf("on a full disk: %d %s", a.Status, a.Raw)
		}
	}
	if refusals < 10 {
		t.Fatal("the disk was never full")
	}
	select {
	case <-p.ended:
		t.Fatalf("florin ended on a full disk\n%s", p.err)
	default:
	}
	r := florin(t, h.dir, "migrate", "--database", filepath.Join(filepath.Dir(h.database), "other.db"))
	if r.code != failed || strings.Count(r.err, "\n") != 1 {
		t.Errorf("a first start on a full disk: %+v", r)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	until(t, "a payment", func() bool {
		a, err := h.ask("", "/v3/payments", sale()...)
		if err != nil {
			t.Fatalf("with room again: %v\n%s", err, p.err)
		}
		time.Sleep(50 * time.Millisecond)
		return a.Result.Code == "000.100.110"
	})
	for _, id := range kept {
		if a, err := h.read("/v3/payments/" + id); err != nil || a.ID != id || class(a.Result.Code) == "no" {
			t.Errorf("%s was accepted, now %v %s", id, err, a.Raw)
		}
	}
	t.Logf("%d accepted before the disk was full", len(kept))
	p.stop()
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	}
}

// fill leaves no room on a disk but for spare bytes.
func fill(t *testing.T, file string, spare int) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size, block := int64(0), make([]byte, 4096); ; size += int64(len(block)) {
		if _, err := f.Write(block); err != nil {
			if err := f.Truncate(max(0, size-int64(spare))); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
}

// TestWriteFails makes the write-ahead log refuse to grow: an error of the
// disk that leaves in doubt what is on it. Nothing more is accepted, florin
// ends with an error, and the next start is whole.
func TestWriteFails(t *testing.T) {
	h := furnish(t, "", "test")
	p := h.serve(t)
	paid := h.must(t, "000.100.110", "/v3/payments", sale()...)
	info, err := os.Stat(h.database + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	limit := syscall.Rlimit{Cur: uint64(info.Size()), Max: uint64(info.Size())}
	const largestFile = 1 // RLIMIT_FSIZE
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.cmd.Process.Pid), largestFile, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); errno != 0 {
		t.Skip("the size of a process's files cannot be limited here: ", errno)
	}
	if a, err := h.ask("once", "/v3/payments", sale()...); err == nil && a.Status < 500 {
		t.Errorf("on a disk that fails: %d %s", a.Status, a.Raw)
	}
	if code := p.wait(); code != failed || !strings.Contains(p.err.String(), "florin: the database can no longer be trusted; start again to recover") {
		t.Errorf("status %d\n%s", code, p.err)
	}
	p = h.serve(t)
	if a, err := h.read("/v3/payments/" + paid.ID); err != nil || a.Result.Code != "000.100.110" {
		t.Errorf("after a restart: %v, %s", err, a.Raw)
	}
	if a, err := h.ask("once", "/v3/payments", sale()...); err != nil || a.Result.Code != "000.100.110" || a.Replayed {
		t.Errorf("asked again: %v, %s", err, a.Raw)
	}
	p.stop()
	if r := h.run(t, "verify"); r.code != 0 || !strings.Contains(r.out, "2 payments checked") {
		t.Errorf("verify: %+v", r)
	}
}
