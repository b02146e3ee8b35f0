package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Server is a florin of our own to measure.
type Server struct {
	Addr  string
	Start time.Duration // how long it took to its first answer
	cmd   *exec.Cmd
	from  usage
}

const startPatience = 30 * time.Second

// Serve runs this very program as `florin serve` on the site and waits until
// it answers.
func (s *Site) Serve(ctx context.Context) (*Server, error) {
	args := []string{"serve"}
	for name, value := range s.flags("bench") {
		args = append(args, "--"+name, value)
	}
	return start(ctx, "/readyz", args...)
}

// At is the site's target where a server of it listens.
func (s *Site) At(server *Server) Target {
	t := s.Target
	t.Addr = server.Addr
	return t
}

// start runs a command of this program that takes --listen.
func start(ctx context.Context, ready string, args ...string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: addr, cmd: exec.Command(self, append(args, "--listen", addr)...)}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	began := time.Now()
	for ctx.Err() == nil && time.Since(began) < startPatience {
		res, err := http.Get("http://" + addr + ready)
		if err == nil {
			ok := res.StatusCode == http.StatusOK
			_ = res.Body.Close() // nothing in it
			if ok {
				s.Start = time.Since(began)
				s.from, err = usageOf(s.cmd.Process.Pid)
				return s, err
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil, fmt.Errorf("the server did not start: %w", s.Stop())
}

// Stop ends the server in order.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// Usage is what the server has used since it was ready.
func (s *Server) Usage() (cpu time.Duration, rss int64, err error) {
	u, err := usageOf(s.cmd.Process.Pid)
	return u.cpu - s.from.cpu, u.rss, err
}

type usage struct {
	cpu time.Duration
	rss int64
}

// usageOf reads a process's processor time and resident memory from /proc.
func usageOf(pid int) (u usage, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	_, rest, ok := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 22 {
		return u, fmt.Errorf("/proc/%d/stat cannot be read", pid)
	}
	for _, i := range []int{11, 12} { // user and system time, in hundredths of a second
		n, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			return u, err
		}
		u.cpu += time.Duration(n) * 10 * time.Millisecond
	}
	pages, err := strconv.ParseInt(f[21], 10, 64)
	u.rss = pages * int64(os.Getpagesize())
	return u, err
}
