package peers

import (
	"bytes"
	"encoding/json"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/browser"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/phone"
)

// picture is where the wall's picture is written besides the artefacts.
var picture = flag.String("picture", "", "write the busy wall of TestWallLives to this PNG")

var television = browser.Screen{Width: 1920, Height: 1080, Still: true}

// A browser shows the wall of the running house. What happens on the lines is
// seen there within moments, without the page being loaded again.
func TestWallLives(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../board/sim/office.yaml")
	must(t, err)
	d := NewDaemon(t, bin, string(doc))
	o := newOffice(d)
	b := browser.Start(t)
	p := b.Open(t, "http://"+d.Web+"/wall?theme=light", television)
	browser.Eval[bool](p, "window.first = true")
	agentIs := func(id, lamp string) {
		t.Helper()
		p.Wait("document.querySelector('#agents .agent[data-key=" + id + "]')?.classList.contains('is-" + lamp + "') === true")
	}
	lineIs := func(id, lamp string) {
		t.Helper()
		p.Wait("document.querySelector('#ports .port[data-key=" + id + "]')?.classList.contains('is-" + lamp + "') === true")
	}
	waiting := func(queue, n string) {
		t.Helper()
		p.Wait("document.querySelector('#rows .row[data-key=" + queue + "] .n')?.innerText === '" + n + "'")
	}
	lineIs("L1", "idle")
	waiting("ventas", "0")
	agentIs("ana", "idle")

	for _, id := range []string{"bruno", "elena"} { // only ana is left for sales
		d.pause(id)
	}
	first := o.calls(1, "600111222")
	lineIs("L1", "menu")
	o.keys(first, "1")
	ringing := <-o.rings["201"]
	agentIs("ana", "ring")
	waiting("ventas", "1")
	lineIs("L1", "queue")
	ringing.Answer()
	agentIs("ana", "talk")
	waiting("ventas", "0")
	lineIs("L1", "talk")
	second := o.calls(2, "600333444")
	o.keys(second, "1")
	waiting("ventas", "1")
	must(t, ringing.Hold(phone.SendOnly))
	agentIs("ana", "hold")
	p.Picture("wall-live", false)
	second.HangUp()
	waiting("ventas", "0")
	first.HangUp()
	lineIs("L1", "idle")
	p.Wait("document.querySelectorAll('#last .call').length === 2")
	if !browser.Eval[bool](p, "window.first === true") {
		t.Error("the page was loaded again")
	}
	for _, s := range p.Problems() {
		t.Error(s)
	}

	o.busy()
	p = b.Open(t, "http://"+d.Web+"/wall?theme=light", television)
	for _, c := range []struct{ id, lamp string }{{"ana", "talk"}, {"bruno", "hold"}, {"carla", "ring"}} {
		agentIs(c.id, c.lamp)
	}
	waiting("ventas", "1")
	waiting("soporte", "1")
	path := p.Picture("wall-busy", false)
	if n := browser.Eval[int](p, "document.documentElement.scrollHeight - innerHeight") + p.SidewaysScroll(); n > 0 {
		t.Errorf("the page is %d px larger than the television", n)
	}
	if *picture != "" {
		must(t, os.WriteFile(*picture, small(t, path), 0o644))
	}
}

// small is a picture with its colours counted: a drawing has few, and those
// between two of them at the edges of letters may be their neighbours.
func small(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer func() { _ = f.Close() }() // it was only read
	img, err := png.Decode(f)
	must(t, err)
	r := img.Bounds()
	count := map[color.Color]int{}
	for y := range r.Dy() {
		for x := range r.Dx() {
			count[color.NRGBAModel.Convert(img.At(x, y))]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	out := image.NewPaletted(r, all[:min(256, len(all))])
	draw.Draw(out, r, img, r.Min, draw.Src)
	var b bytes.Buffer
	must(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, out))
	return b.Bytes()
}

// office is the small office of the simulated board with everybody in it.
type office struct {
	t      *testing.T
	d      *Daemon
	copper *linesim.Sim
	rings  map[string]chan *phone.Call // of the SIP phones, by extension
	sip    map[string]*phone.Phone
	lines  []*linesim.Line
}

// newOffice registers the SIP phones with the passwords the house made for them,
// and plugs in the lines and telephones.
func newOffice(d *Daemon) *office {
	d.t.Helper()
	o := &office{t: d.t, d: d, copper: d.Copper(), rings: map[string]chan *phone.Call{}, sip: map[string]*phone.Phone{}}
	out, code := d.Run("phones", "--json")
	if code != 0 {
		d.t.Fatalf("phones --json: exit %d: %s", code, out)
	}
	for line := range strings.Lines(out) {
		var a struct{ Ext, User, Secret string }
		must(d.t, json.Unmarshal([]byte(line), &a))
		ring := make(chan *phone.Call, 8)
		p := d.Phone("127.0.0.1", phone.Account{User: a.User, Password: a.Secret})
		p.OnCall = func(c *phone.Call) { c.Ring(); ring <- c }
		must(d.t, p.Register(soon(d.t)))
		o.rings[a.Ext], o.sip[a.Ext] = ring, p
	}
	for n := range 4 {
		l, err := o.copper.Line(n + 1)
		must(d.t, err)
		o.lines = append(o.lines, l)
	}
	return o
}

func (d *Daemon) pause(agent string) {
	d.t.Helper()
	if out, code := d.Run("agent", "pause", agent, "almuerzo"); code != 0 {
		d.t.Fatalf("pause %s: exit %d: %s", agent, code, out)
	}
}

func (d *Daemon) unpause(agent string) {
	d.t.Helper()
	if out, code := d.Run("agent", "unpause", agent); code != 0 {
		d.t.Fatalf("unpause %s: exit %d: %s", agent, code, out)
	}
}

// calls rings a line and waits until the house has answered.
func (o *office) calls(line int, number string) *linesim.Call {
	o.t.Helper()
	var c *linesim.Call
	Until(o.t, "the line is free", patience, func() bool {
		var err error
		c, err = o.lines[line-1].Call(linesim.Caller{Number: number})
		return err == nil
	})
	_, err := c.WaitAnswer(soon(o.t))
	must(o.t, err)
	return c
}

// keys goes through the menu, the choice of language first; what is typed ahead
// is kept.
func (o *office) keys(c *linesim.Call, choice string) {
	o.t.Helper()
	must(o.t, c.WaitSpeech(soon(o.t), 200*time.Millisecond))
	must(o.t, c.Press(soon(o.t), "1"+choice))
}

// busy is an office at work: one talks, one holds, a phone rings, two wait, one
// has lunch, and some calls are done.
func (o *office) busy() {
	o.t.Helper()
	is := func(id tel.AgentID, state string) {
		o.t.Helper()
		o.d.UntilView(string(id)+" is "+state, func(s *view.Snapshot) bool { return agent(s, id).State == state })
	}
	o.d.unpause("ana")
	is("ana", "ready")
	one := o.calls(3, "600111222")
	o.keys(one, "1")
	c := <-o.rings["201"]
	c.Answer()
	is("ana", "talking")

	o.d.unpause("bruno")
	o.d.pause("carla")
	o.d.pause("fabio")
	two := o.calls(4, "915550182")
	o.keys(two, "2")
	c = <-o.rings["202"]
	c.Answer()
	is("bruno", "talking")
	must(o.t, c.Hold(phone.SendOnly))

	o.d.unpause("carla")
	three := o.calls(2, "934440017")
	o.keys(three, "2")
	<-o.rings["203"]
	desk, err := o.copper.Phone(1)
	must(o.t, err)
	must(o.t, desk.Dial(soon(o.t), "204"))
	c = <-o.rings["204"]
	c.Answer()
	four := o.calls(1, "622000731")
	o.keys(four, "1")
	o.d.UntilView("one waits for sales", func(s *view.Snapshot) bool { return len(s.Queues[0].Waiting) == 1 })
}
