package peers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/expect"
	"github.com/centralita/centralita/testbench/pty"
)

// withConsole is the document with a technician's line at a pseudo terminal, and more.
func withConsole(link, more string) string {
	return strings.Replace(document, "fxs: 2}", "fxs: 2, console: ["+link+"]}", 1) + more
}

// terminal plugs a pseudo terminal in and puts a technician at its far end.
func terminal(t *testing.T) (*pty.Cable, *expect.Driver) {
	t.Helper()
	c := &pty.Cable{Link: filepath.Join(t.TempDir(), "ttyS1")}
	must(t, c.Plug())
	return c, expect.New(t, pty.Patient{File: c.Far()})
}

// claim makes maria the owner, in Spanish.
func claim(d *expect.Driver) {
	d.Expect("centralita> ")
	d.Do("claim", "Nombre: ")
	d.Do("maria", "Contraseña nueva: ")
	d.Do("tres tristes tigres", "Otra vez: ")
	d.Do("tres tristes tigres", "maria@centralita> ")
}

// The built program at a real terminal line: the claim, a look at the lines, garbage
// at the wrong speed, the plug pulled and put back, and a terminal that is stopped
// while the house goes on.
func TestSerialLine(t *testing.T) {
	t.Parallel()
	c, d := terminal(t)
	h := NewDaemon(t, bin, withConsole(c.Link, ""))
	claim(d)
	d.Do("lines", "L2")
	d.Send("\xfe\x80\x00\x00\xf8\xffstatus\xe0\r")
	d.Expect("115200 8N1")
	d.Do("board", c.Link+": cargado")
	d.Send("lines watch\r")
	d.Expect("L2")
	d.Send("x")
	d.Expect("maria@centralita> ")
	if err := d.Err(); err != nil {
		t.Errorf("not plain text: %v", err)
	}
	must(t, c.Unplug())
	must(t, c.Plug())
	d = expect.New(t, pty.Patient{File: c.Far()})
	d.Expect("Para entrar: login")
	d.Do("lines", "es para quien ha entrado")
	d.Do("login maria", "Contraseña: ")
	d.Do("otra cosa cualquiera", "centralita> ")
	d.Do("login maria", "Contraseña: ")
	d.Do("tres tristes tigres", "Hola, maria (dueño).")
	d.Do("page off", "> ")
	d.Pause()
	for range 100 {
		d.Send("status --json\r")
	}
	h.UntilView("the house goes on", func(s *view.Snapshot) bool { return len(s.Lines) == 2 })
	<-time.After(6 * time.Second) // longer than a line may take nothing
	d.Resume()
	d.Send("\r")
	d.Expect("Para entrar: login")
	h.Stop()
	if log := h.errs.String(); strings.Contains(log, "tigres") {
		t.Errorf("the password is in the log:\n%s", log)
	}
}

// `centralita console` at a terminal, and with commands from a pipe.
func TestConsoleCommand(t *testing.T) {
	t.Parallel()
	h := NewDaemon(t, bin, document)
	far, near, err := pty.Open()
	must(t, err)
	tty, err := os.OpenFile(near, os.O_RDWR, 0)
	must(t, err)
	cmd := exec.Command(bin, "console", "--data", h.Dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	must(t, cmd.Start())
	d := expect.New(t, pty.Patient{File: far})
	d.Expect("centralita> ")
	d.Send("li?")
	d.Expect("líneas y troncales")
	d.Send("\x15age\t\t")
	d.Expect("agents")
	d.Send("\x15")
	d.Do("lang en", "centralita> ")
	d.Do("agents", "logged out")
	d.Send("exit\r")
	must(t, cmd.Wait())
	must(t, tty.Close())
	script := exec.Command(bin, "console", "--data", h.Dir)
	script.Stdin = strings.NewReader("# what there is\nagents --lang en\nno-such-command\nqueues\n")
	out, err := script.CombinedOutput()
	if script.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "logged out") || !strings.Contains(string(out), "no-such-command") || !strings.Contains(string(out), "Ventas") {
		t.Errorf("%v\n%s", err, out)
	}
	h.Stop()
	script = exec.Command(bin, "console", "--data", h.Dir)
	script.Stdin = strings.NewReader("status\n")
	if out, _ := script.CombinedOutput(); script.ProcessState.ExitCode() != 3 {
		t.Errorf("without a house: %d\n%s", script.ProcessState.ExitCode(), out)
	}
}

// SSH with a real client: off until there is an owner, then by a key of his and not by
// a password; one command with its exit status, a session at a terminal of any size,
// and no forwarding.
func TestSSH(t *testing.T) {
	t.Parallel()
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatalf("openssh-client is needed: %v", err)
	}
	c, d := terminal(t)
	port := fmt.Sprint(freePort(t))
	h := NewDaemon(t, bin, withConsole(c.Link, "access: {ssh: \"127.0.0.1:"+port+"\"}\n"))
	dir := t.TempDir()
	key, known := filepath.Join(dir, "key"), filepath.Join(dir, "known")
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "maria", "-f", key).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	public, err := os.ReadFile(key + ".pub")
	must(t, err)
	run := func(more ...string) *exec.Cmd {
		args := append([]string{"-F", "none", "-i", key, "-p", port, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", "-o", "UserKnownHostsFile=" + known}, more...)
		return exec.Command(ssh, args...)
	}
	if out, err := run("maria@127.0.0.1", "status").CombinedOutput(); err == nil || !strings.Contains(string(out), "refused") {
		t.Errorf("SSH is on without an owner: %v\n%s", err, out)
	}
	claim(d)
	d.Do("people key maria "+strings.TrimSpace(string(public)), "maria@centralita> ")
	Until(t, "SSH is on", 10*time.Second, func() bool {
		out, _ := h.Run("ssh", "--json")
		return strings.Contains(out, `"on":true`)
	})
	d.Do("ssh", "SHA256:")
	cmd := run("maria@127.0.0.1", "agents --lang en")
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "logged out") {
		t.Errorf("one command: %v\n%s", err, out)
	}
	cmd = run("maria@127.0.0.1", "no-such-command")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("a wrong command exits with %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
	fingerprint, err := exec.Command("ssh-keygen", "-l", "-f", known).Output()
	must(t, err)
	if print := strings.Fields(string(fingerprint))[1]; !strings.Contains(d.String(), print) {
		t.Errorf("the console shows another fingerprint than %s:\n%s", print, d)
	}
	for what, args := range map[string][]string{
		"another account": {"pedro@127.0.0.1", "status"}, "a password": {"-o", "PreferredAuthentications=password,keyboard-interactive", "-o", "BatchMode=no", "maria@127.0.0.1", "status"},
		"forwarding": {"-W", h.Web, "maria@127.0.0.1"}, "files": {"-s", "maria@127.0.0.1", "sftp"},
	} {
		if out, err := run(args...).CombinedOutput(); err == nil {
			t.Errorf("%s is taken:\n%s", what, out)
		}
	}
	interactive(t, run("-tt", "maria@127.0.0.1"))
	boxAsAFile(t, h, run)
	d.Do("people unkey maria "+strings.Fields(string(fingerprint))[1], "> ")
	h.Stop()
}

// boxAsAFile takes the box over SSH into a file, encrypted, and puts it back; age opens
// no other, and with a terminal there is none.
func boxAsAFile(t *testing.T, h *Daemon, run func(...string) *exec.Cmd) {
	t.Helper()
	cmd := run("maria@127.0.0.1", "backup --encrypt --book")
	cmd.Stdin = strings.NewReader("correct horse battery\n")
	file, err := cmd.Output()
	if err != nil || !bytes.HasPrefix(file, []byte("age-encryption.org/v1\n")) {
		t.Fatalf("a backup: %v, %d bytes", err, len(file))
	}
	bundle, err := run("maria@127.0.0.1", "support bundle").Output()
	if err != nil || !bytes.HasPrefix(bundle, []byte{0x1f, 0x8b}) { // RFC 1952, 2.3.1
		t.Errorf("a support bundle: %v, %d bytes", err, len(bundle))
	}
	if out, err := run("-tt", "maria@127.0.0.1", "backup --lang en").CombinedOutput(); err == nil || !strings.Contains(string(out), "only text comes through here") {
		t.Errorf("on a terminal: %v %.200q", err, out)
	}
	for _, c := range []struct {
		line, sent, want string
	}{
		{"restore --lang en", string(file), "the backup is encrypted"},
		{"restore --encrypt --lang en", "correct house battery\n" + string(file), "wrong passphrase"},
		{"restore --encrypt --lang en", "correct horse battery\n" + string(file[:len(file)-1]), "cannot"},
		{"restore --encrypt --lang en", "correct horse battery\n" + string(file), "is whole."},
	} {
		cmd := run("maria@127.0.0.1", c.line)
		cmd.Stdin = strings.NewReader(c.sent)
		if out, err := cmd.CombinedOutput(); !strings.Contains(string(out), c.want) || (err == nil) != (c.want == "is whole.") {
			t.Errorf("%s: %v %.300q, not %s", c.line, err, out, c.want)
		}
	}
	Until(t, "the house stands by the backup", 20*time.Second, func() bool {
		out, _ := h.Run("book", "tail", "60")
		return strings.Contains(out, "backup of")
	})
}

// interactive runs ssh at a terminal of 10 rows, whose answers stop after a page.
func interactive(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	far, near, err := pty.Open()
	must(t, err)
	tty, err := os.OpenFile(near, os.O_RDWR, 0)
	must(t, err)
	must(t, pty.SetSize(far, 10, 100))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	must(t, cmd.Start())
	d := expect.New(t, pty.Patient{File: far})
	d.Expect("maria@centralita> ")
	d.Send("help\r")
	d.Expect("--Más--")
	d.Send("q")
	d.Expect("maria@centralita> ")
	d.Send("panel\r")
	d.Expect("+----")
	d.Send("\x03")
	d.Expect("maria@centralita> ")
	d.Send("exit\r")
	must(t, cmd.Wait())
	must(t, tty.Close())
}

// A configuration that takes another house does not send away who applied it: he sees
// it go and come, what he types meanwhile is done after, and the line is never closed.
func TestASessionThroughAnotherHouse(t *testing.T) {
	t.Parallel()
	c, d := terminal(t)
	h := NewDaemon(t, bin, withConsole(c.Link, ""))
	claim(d)
	d.Do("page off", "> ")
	d.Do("config set listen.rtp 20000-20999", "> ")
	d.Send("config apply 10m\r")
	d.Expect("La casa empieza de nuevo; lo que escriba espera.")
	d.Send("config confirm\r")
	d.Expect("maria@centralita> config confirm")
	d.Expect("> ")
	d.Do("config show", "20000-20999")
	d.Do("logout", "Sesión cerrada.")
	d.Do("lines", "es para quien ha entrado")
	h.Stop()
	if err := d.Err(); err != nil {
		t.Errorf("not plain text: %v", err)
	}
}
