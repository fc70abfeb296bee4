package peers

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/pcm"
)

// document is a small office whose SIP phones have known passwords; calls from
// 127.0.0.2 are the carrier's.
const document = `
site: {id: ring4, name: Prueba, country: ES, language: es, timezone: Europe/Madrid}
listen: {sip: 127.0.0.1:5060, web: 127.0.0.1:8080, rtp: 30000-30999}
board: {kind: sim, socket: sim.sock, fxo: 2, fxs: 2}
lines:
  - {id: L1, socket: fxo1, number: "910000001", flow: main}
  - {id: L2, socket: fxo2, number: "910000002", flow: main}
phones:
  - {ext: "101", name: Recepción, socket: fxs1}
  - {ext: "102", name: Ventas, socket: fxs2}
  - {ext: "201", name: Ana, sip: true, password: secret-of-201}
  - {ext: "202", name: Bruno, sip: true, password: secret-of-202}
  - {ext: "203", name: Carla, sip: true, password: secret-of-203}
trunks:
  - {id: carrier, from: ["127.0.0.2/32"], number: "912000000", flow: main, calls: 100}
operator: "101"
queues:
  - {id: ventas, name: {es: Ventas, en: Sales}, ring: 20s, acw: 15s, threshold: 3, target: 20s, goal: 80}
agents:
  - {id: ana, name: Ana, number: "1", queues: [ventas], phone: "201"}
  - {id: bruno, name: Bruno, number: "2", queues: [ventas]}
features: {login: "*11", logout: "*12"}
outside:
  prefix: "0"
  emergency: ["112"]
  routes:
    - {name: nacional, classes: [national, mobile], via: [L2, L1]}
flows:
  - name: main
    start: menu
    nodes:
      menu: {menu: {"1": ventas, "0": operador}, say: [main-menu], timeout: 30s, invalids: 3, timeouts: 5, on_invalid: operador, on_timeout: operador}
      ventas: {queue: ventas, next: operador}
      operador: {dial: operator, next: fin}
      fin: {hangup: true, say: [goodbye]}
limits: {calls: 100}
`

var bin string

func TestMain(m *testing.M) { os.Exit(build(m)) }

// build makes the program that all tests run.
func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "centralita")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of /tmp
	bin = filepath.Join(dir, "centralita")
	if out, err := exec.Command("go", "build", "-o", bin, "github.com/centralita/centralita/firmware/cmd/centralita").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build the program: %v\n%s", err, out)
		return 1
	}
	for _, tool := range []string{"sipp", "baresip"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Fprintf(os.Stderr, "cannot test against real peers: %v; apt-get install sip-tester baresip\n", err)
			return 1
		}
	}
	ports.Store(int32(os.Getpid() * 64 % (lastPort - firstPort)))
	flag.Parse()
	if n := flag.Lookup("test.parallel"); n.Value.String() == n.DefValue {
		// The tests wait far more than they work.
		if err := flag.Set("test.parallel", "6"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// sippAgent registers sipp as 201 on a port of its own and lets it take n calls.
func sippAgent(t *testing.T, d *Daemon, n int) (done <-chan error) {
	t.Helper()
	port := fmt.Sprint(freePort(t))
	if err := Sipp(t, "register.xml", 20*time.Second, d.SIP, "-i", "127.0.0.1", "-p", port, "-s", "201", "-au", "201", "-ap", "secret-of-201", "-m", "1"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- Sipp(t, "agent.xml", 60*time.Second, d.SIP, "-i", "127.0.0.1", "-p", port, "-m", fmt.Sprint(n), "-rtp_echo", "-mp", fmt.Sprint(freePort(t)&^1))
	}()
	return ended
}

// served demands one record of a caller that ana served.
func served(t *testing.T, d *Daemon) {
	t.Helper()
	r := d.Ended(1)[0]
	if r.Direction != "in" || r.From != "600123456" || r.To != "912000000" || r.Port != "carrier" || r.Queue != "ventas" || r.Agent != "ana" ||
		r.EndedBy != "caller" || r.Cause != "normal" || r.Answered == nil || r.Queued == nil || r.Connected == nil || r.Talk < 2 || fmt.Sprint(r.FlowPath) != "[menu ventas]" {
		t.Errorf("record %+v", r)
	}
	d.Verify()
}

// sipp as caller keys RFC 4733 events, sipp as registered agent answers.
func TestSippCallerKeysEvents(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	agent := sippAgent(t, d, 1)
	if err := Sipp(t, "caller-event.xml", 60*time.Second, d.SIP, "-i", "127.0.0.2", "-p", fmt.Sprint(freePort(t)), "-m", "1", "-mp", fmt.Sprint(freePort(t)&^1)); err != nil {
		t.Fatal(err)
	}
	if err := <-agent; err != nil {
		t.Fatal(err)
	}
	served(t, d)
}

// The same with tones in the audio.
func TestSippCallerKeysTones(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	agent := sippAgent(t, d, 1)
	if err := SippIn(t, keysFile(t, "1"), "caller-tones.xml", 60*time.Second, d.SIP, "-i", "127.0.0.2", "-p", fmt.Sprint(freePort(t)), "-m", "1"); err != nil {
		t.Fatal(err)
	}
	if err := <-agent; err != nil {
		t.Fatal(err)
	}
	served(t, d)
}

// keysFile writes keys.pcma, two seconds of silence and the keys, in a folder.
func keysFile(t *testing.T, keys string) (dir string) {
	t.Helper()
	var law []byte
	add := func(f *pcm.Frame) {
		b := make([]byte, pcm.FrameLen)
		g711.EncodeALaw(b, f)
		law = append(law, b...)
	}
	for range 100 {
		add(new(pcm.Frame))
	}
	var g dtmf.Generator
	if err := g.Start(keys, dtmf.Usual()); err != nil {
		t.Fatal(err)
	}
	for f := new(pcm.Frame); g.Sending(); add(f) {
		g.Fill(f)
	}
	for range 400 {
		add(new(pcm.Frame))
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "keys.pcma"), law, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
