package peers

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Baresip is one running baresip: a softphone that plays a tone from a file,
// writes what it hears to another, and obeys over a TCP connection.
type Baresip struct {
	t    *testing.T
	cmd  *exec.Cmd
	dir  string
	ctl  net.Conn
	said *buffer // what it writes for people
	told *buffer // answers and events of the connection
	n    int
	gone bool
}

// StartBaresip registers baresip as ext of d, which speaks a tone of hz. answer
// is its answermode, "auto" or "manual".
func StartBaresip(t *testing.T, d *Daemon, ext string, hz float64, answer string) *Baresip {
	t.Helper()
	if !otherThanLoopback() {
		t.Skip("baresip 1.0 starts only on a machine with an address besides the loopback: give it a network")
	}
	b := &Baresip{t: t, dir: t.TempDir(), said: &buffer{}, told: &buffer{}}
	ctl, rtp := fmt.Sprintf("127.0.0.1:%d", freePort(t)), freePort(t)
	lines := []string{
		fmt.Sprintf("sip_listen 127.0.0.1:%d", freePort(t)), fmt.Sprintf("rtp_ports %d-%d", rtp, rtp+7),
		"audio_source aufile," + filepath.Join(b.dir, "tone.wav"), "audio_alert none", "ausrc_srate 8000", "auplay_srate 8000",
		"module_path /usr/lib/baresip/modules", "module g711.so", "module aufile.so", "module sndfile.so", "snd_path " + b.dir,
		"module account.so", "module menu.so", "module ctrl_tcp.so", "ctrl_tcp_listen " + ctl, "",
	}
	account := fmt.Sprintf("<sip:%s@%s>;auth_user=%s;auth_pass=secret-of-%s;answermode=%s;regint=120\n", ext, d.SIP, ext, ext, answer)
	for name, text := range map[string]string{"config": strings.Join(lines, "\n"), "accounts": account, "contacts": "", "tone.wav": toneFile(hz, 90*time.Second)} {
		must(t, os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600))
	}
	b.cmd = exec.Command("baresip", "-f", b.dir, "-v")
	b.cmd.Stdout, b.cmd.Stderr = b.said, b.said
	must(t, b.cmd.Start())
	t.Cleanup(b.end)
	Until(t, "baresip listens for orders", patience, func() bool {
		c, err := net.Dial("tcp", ctl)
		b.ctl = c
		return err == nil
	})
	go b.listen()
	d.UntilView(ext+" is registered", func(s *view.Snapshot) bool {
		for _, p := range s.Phones {
			if p.Ext == tel.Number(ext) {
				return p.Lamp != view.Off
			}
		}
		return false
	})
	return b
}

// otherThanLoopback reports whether the machine has an IPv4 address of a network.
func otherThanLoopback() bool {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return true
		}
	}
	return false
}

// toneFile is a WAV file of a sine at about -10 dBm0.
func toneFile(hz float64, d time.Duration) string {
	n := int(d.Seconds() * pcm.Rate)
	file := wav.Header(wav.PCM, n)
	for i := range n {
		file = binary.LittleEndian.AppendUint16(file, uint16(int16(7000*math.Sin(2*math.Pi*hz*float64(i)/pcm.Rate))))
	}
	return string(file)
}

// listen keeps what comes over the connection.
func (b *Baresip) listen() {
	buf := make([]byte, 4096)
	for {
		n, err := b.ctl.Read(buf)
		if err != nil {
			return // it has ended
		}
		_, _ = b.told.Write(buf[:n]) // a buffer takes everything
	}
}

// Order gives a command such as dial, and waits until it was carried out.
func (b *Baresip) Order(command, params string) {
	b.t.Helper()
	b.n++
	token := "order-" + strconv.Itoa(b.n)
	msg, err := json.Marshal(map[string]string{"command": command, "params": params, "token": token})
	must(b.t, err)
	_, err = fmt.Fprintf(b.ctl, "%d:%s,", len(msg), msg) // a netstring
	must(b.t, err)
	Until(b.t, "baresip has answered to "+command, patience, func() bool { return strings.Contains(b.told.String(), token) })
	if said := b.told.String(); strings.Contains(said[:strings.Index(said, token)][strings.LastIndex(said[:strings.Index(said, token)], `"response"`):], `"ok":false`) {
		b.t.Fatalf("baresip refused %s %s: %s", command, params, said)
	}
}

// Event waits until baresip has told of an event such as CALL_ESTABLISHED.
func (b *Baresip) Event(kind string) {
	b.t.Helper()
	Until(b.t, "baresip tells "+kind, patience, func() bool { return strings.Contains(b.told.String(), `"type":"`+kind+`"`) })
}

// Kill ends it with no farewell.
func (b *Baresip) Kill() {
	b.t.Helper()
	must(b.t, b.cmd.Process.Kill())
	_ = b.cmd.Wait() // it was killed
	b.gone = true
}

// meter is what baresip writes ten times a second while a call is up.
var meter = regexp.MustCompile(`\[[0-9:]+\] audio=\S+ \(bit/s\)\s*`)

// end ends it at the end of the test.
func (b *Baresip) end() {
	if b.ctl != nil {
		_ = b.ctl.Close() // nothing more is said
	}
	if !b.gone {
		_ = b.cmd.Process.Kill() // it may have ended by itself
		_ = b.cmd.Wait()
	}
	if b.t.Failed() {
		b.t.Logf("baresip said:\n%s", meter.ReplaceAllString(b.said.String(), ""))
	}
}

// Heard returns what it has heard and written so far, of all its calls.
func (b *Baresip) Heard() []int16 {
	files, _ := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav")) // the pattern is well formed
	var all []int16
	for _, name := range files {
		if file, err := os.ReadFile(name); err == nil && len(file) > wav.HeaderLen {
			for at := wav.HeaderLen; at+1 < len(file); at += 2 {
				all = append(all, int16(binary.LittleEndian.Uint16(file[at:])))
			}
		}
	}
	return all
}
