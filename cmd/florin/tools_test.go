package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/florinpay/florin/app"
)

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	plain, help := florin(t, dir), florin(t, dir, "help")
	if plain.code != 0 || help.code != 0 || plain.out != help.out || !strings.Contains(help.out, "Run a sandbox") {
		t.Errorf("florin: %+v; florin help: %+v", plain, help)
	}
	if a, b := florin(t, dir, "help", "key", "make"), florin(t, dir, "key", "make", "--help"); a.code != 0 || a != b {
		t.Errorf("help key make: %+v; key make --help: %+v", a, b)
	}
	for _, args := range [][]string{{"pay"}, {"serve", "--colour"}, {"key"}, {"dev", "--port", "many"}, {"key", "make"}} {
		r := florin(t, dir, args...)
		if r.code != misused || !strings.Contains(r.err, "florin: error: ") || strings.Count(r.err+r.out, "\n") > 6 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for _, command := range []string{"serve", "doctor", "verify", "migrate", "review list", "review accept"} { // each setting can be given on the command line
		r := florin(t, dir, append([]string{"help"}, strings.Fields(command)...)...)
		for _, s := range app.Settings {
			if !strings.Contains(r.out, "--"+s.Name+"=") {
				t.Errorf("%s has no --%s", command, s.Name)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("help leaves %v behind, %v", left, err)
	}
}

// TestSettings: a setting that cannot be is refused by name, with where it
// came from, before anything is made or opened.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	bad := map[string]string{"listen": "nonsense", "url": "pay.example.com/", "admin-listen": "9090", "log-format": "xml", "log-level": "loud", "lanes": "0", "max-requests": "none",
		"workers": "many", "webhook-local": "perhaps", "webhook-ports": "443,0", "trusted-proxies": "10.0.0.0/8,proxy", "drain-seconds": "-1",
		"tls-cert": "none.pem", "tls-key": "none.pem", "database": "mysql://nora:geheim@db/florin", "key-file": "missing/florin.key"}
	for name, value := range bad {
		args := []string{"serve", "--listen", "127.0.0.1:0"}
		if name == "listen" {
			args = args[:1]
		}
		refused(t, florin(t, dir, append(args, "--"+name+"="+value)...), failed, name, "from flag --"+name)
		file := filepath.Join(dir, "florin.yaml")
		if err := os.WriteFile(file, []byte(name+": "+value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r := florin(t, dir, append(args, "--config", file)...)
		refused(t, r, failed, name, "from file "+file)
		if strings.Contains(r.err, "geheim") {
			t.Errorf("a password is shown: %s", r.err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		p := exec.Command(program, args...)
		p.Dir, p.Env = dir, append(os.Environ(), "FLORIN_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"="+value)
		if out, err := p.CombinedOutput(); err == nil || !strings.Contains(string(out), name) || !strings.Contains(string(out), "from environment FLORIN_") {
			t.Errorf("%s from the environment: %v, %s", name, err, out)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	for text, want := range map[string]string{"databse: x\n": `line 1: there is no setting "databse"`, "workers: 3\nlisten: [a, b]\n": "line 2: listen", "a:\n  - b\n c": "yaml"} {
		file := filepath.Join(dir, "florin.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"serve", "doctor", "verify", "migrate"} {
			refused(t, florin(t, dir, command, "--config", file), failed, "configuration file "+file, want)
		}
	}
	refused(t, florin(t, dir, "serve", "--config", "none.yaml"), failed, "none.yaml", "no such file")
}

func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "florin.yaml")
	if err := os.WriteFile(file, []byte("workers: 3\nlanes: 4\nlisten: 127.0.0.1:8099\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := exec.Command(program, "doctor", "--config", file, "--listen", "127.0.0.1:8100")
	p.Dir, p.Env = dir, append(os.Environ(), "FLORIN_LANES=5")
	out, err := p.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range map[string]string{"workers": "3 file " + file, "lanes": "5 environment FLORIN_LANES", "listen": "127.0.0.1:8100 flag --listen", "drain-seconds": "20 default"} {
		if line := strings.Join(strings.Fields(lineOf(string(out), name+" ")), " "); line != name+" "+want {
			t.Errorf("%q, want %q", line, name+" "+want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("doctor leaves %v behind, %v", left, err)
	}
	for _, url := range []string{"postgres://nora:geheim@127.0.0.1:1/florin", "postgres://nora@127.0.0.1:1/florin?password=geheim&sslmode=disable", "postgres://nora:geh%eim@127.0.0.1:1/florin"} {
		r := florin(t, dir, "doctor", "--database", url)
		if r.code != failed || !strings.Contains(r.out, "***") || strings.Contains(r.out+r.err, "geh") || !strings.Contains(r.out, "WRONG") {
			t.Errorf("%s: %+v", url, r)
		}
	}
	r := florin(t, dir, "doctor", "--webhook-local", "true", "--workers", "0")
	if r.code != failed || strings.Count(r.out, "WRONG") != 2 || !strings.Contains(r.out, "merchants could reach servers of this network") {
		t.Errorf("doctor: %+v", r)
	}
}

// lineOf is the first line that begins with a text.
func lineOf(text, begin string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begin) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func TestMigrate(t *testing.T) {
	dir := t.TempDir()
	first := florin(t, dir, "migrate")
	if first.code != 0 || !strings.HasPrefix(first.out, "applied 0001_store\n") || first.err != "" {
		t.Errorf("the first migrate: %+v", first)
	}
	if r := florin(t, dir, "migrate"); r.code != 0 || r.out != "the schema is up to date\n" {
		t.Errorf("the second migrate: %+v", r)
	}
	if r := florin(t, dir, "doctor"); r.code != 0 || !strings.Contains(r.out, "up to date") {
		t.Errorf("doctor: %+v", r)
	}
	alter(t, filepath.Join(dir, "florin.db"), forgetNewest)
	if r := florin(t, dir, "doctor"); r.code != 0 || !strings.Contains(r.out, "applies 00") {
		t.Errorf("doctor on an old schema: %+v", r)
	}
	if n := count(t, filepath.Join(dir, "florin.db"), countVersions); n != strings.Count(first.out, "\n")-1 {
		t.Errorf("doctor has changed the schema: %d versions", n)
	}
}

func TestNewerSchema(t *testing.T) {
	h := furnish(t, "", "test")
	alter(t, h.database, addVersion)
	for _, command := range []string{"serve", "migrate", "verify", "key list"} {
		refused(t, h.run(t, strings.Fields(command)...), failed, "9999_later", "newer than this program")
	}
	if r := h.run(t, "doctor"); r.code != failed || !strings.Contains(r.out, "newer than this program") {
		t.Errorf("doctor: %+v", r)
	}
}

func TestKeyFile(t *testing.T) {
	h := furnish(t, "", "test")
	file := filepath.Join(h.dir, "florin.key")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	refused(t, h.run(t, "serve"), failed, "key-file", file, "may be opened by others", "chmod 600")
	if r := h.run(t, "doctor"); r.code != failed || !strings.Contains(r.out, "WRONG the key file") {
		t.Errorf("doctor: %+v", r)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file, file+".mine"); err != nil {
		t.Fatal(err)
	}
	refused(t, h.run(t, "serve"), failed, "the key file is not the one that this database was written with") // a new one was made
	if err := os.WriteFile(file, []byte("half of a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := h.run(t, "serve")
	refused(t, r, failed, "damaged")
	if strings.Contains(r.err, "half") {
		t.Errorf("the key file is quoted: %s", r.err)
	}
	if err := os.Rename(file+".mine", file); err != nil {
		t.Fatal(err)
	}
	h.serve(t).stop()
}

// TestVerifyFinds: whatever is changed behind florin's back is named.
func TestVerifyFinds(t *testing.T) {
	h := furnish(t, "", "test")
	if r := h.run(t, "webhook", "add", "Lind Media", "https://shop.example/hook"); r.code != 0 { // the audit trail tells of it
		t.Fatalf("webhook add: %+v", r)
	}
	p := h.serve(t)
	paid := h.must(t, "000.100.110", "/v3/payments", sale("createRegistration=true")...).ID
	held := h.must(t, "000.100.110", "/v3/payments", sale("paymentType=PA")...).ID
	h.must(t, "000.100.110", "/v3/payments/"+held, "amount=40.00", "currency=EUR", "paymentType=CP")
	h.must(t, "000.100.110", "/v3/payments/"+paid, "amount=10.00", "currency=EUR", "paymentType=RF")
	p.stop()
	if r := h.run(t, "verify"); r.code != 0 {
		t.Fatalf("verify: %+v", r)
	}
	whole, err := os.ReadFile(h.database)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range tampering {
		t.Run(c.what, func(t *testing.T) {
			if err := os.WriteFile(h.database, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			if n := alter(t, h.database, strings.ReplaceAll(c.text, "$paid", "'"+paid[:24]+"'")); n != 1 {
				t.Fatalf("%d rows changed, want 1", n)
			}
			r := h.run(t, "verify")
			if r.code != failed || r.err != "" || !strings.Contains(r.out, "WRONG\n") {
				t.Errorf("%+v", r)
			}
			for _, want := range c.says {
				if want = strings.ReplaceAll(want, "$paid", paid[:24]); !strings.Contains(r.out, want) {
					t.Errorf("no %q in\n%s", want, r.out)
				}
			}
		})
	}
}

// TestEdges: what the machine refuses is said in one line.
func TestEdges(t *testing.T) {
	dir := t.TempDir()
	s := dev(t, dir)
	port := s.URL[strings.LastIndex(s.URL, ":")+1:]
	refused(t, florin(t, dir, "dev", "--port", port), failed, "cannot listen on 127.0.0.1:"+port, "--host and --port", "address already in use")
	refused(t, florin(t, dir, "serve", "--listen", "127.0.0.1:"+port), failed, "listen, from flag --listen", "address already in use")
	refused(t, florin(t, dir, "dev", "--port", "0", "--ready-file", filepath.Join(dir, "none", "ready.json")), failed, "none", "no such file")
	refused(t, florin(t, dir, "listen", "--url", "http://127.0.0.1:1"), failed, "127.0.0.1:1", "connection refused")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, florin(t, dir, "serve", "--listen", "127.0.0.1:0", "--database", filepath.Join(file, "florin.db")), failed, "database", "not a directory")
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"dev", "--port", "0", "--database", "kept.db"}, {"migrate"}} {
		refused(t, unwritable(t, args...), failed, "permission denied")
	}
}

// unwritable runs a command in a folder that it may not write to.
func unwritable(t *testing.T, args ...string) result {
	t.Helper()
	dir, err := os.MkdirTemp("", "florin-readonly-") // one that others can reach
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "florin")
	b, err := os.ReadFile(program)
	if err == nil {
		err = os.WriteFile(copied, b, 0o555)
	}
	if err != nil && os.Getuid() == 0 {
		t.Fatal(err)
	}
	cmd := exec.Command(copied, args...)
	if os.Getuid() == 0 { // root may write everywhere
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	} else {
		cmd.Path = program
	}
	var out, errors text
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errors
	_ = cmd.Run() // its state says how it ended
	if cmd.ProcessState == nil {
		t.Fatalf("%v did not run", cmd.Args)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errors.String()}
}
