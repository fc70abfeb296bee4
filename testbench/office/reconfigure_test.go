package office

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/phone"
)

// While two people talk the configuration changes: a phone comes, another goes, the
// trunk they talk over gets another size. They hear nothing of it. Nobody confirms, so
// all of it goes back by itself. What takes a restart waits until they have hung up.
func TestConfigurationChangesUnderACall(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := OpenKept(t, 12, document, pack, nil)
		ana := o.agent("201", "10.0.0.21", nil)
		defer ana.Close()
		bruno := o.agent("202", "10.0.0.22", nil)
		defer bruno.Close()
		far := o.Phone(Far, phone.Account{User: "carrier"})
		defer far.Close()
		far.OnCall = func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(700) }
		o.Until("the carrier is there", 5*time.Minute, func() bool { return o.House().View().Trunks[0].Lamp != view.Dead })
		c := o.through(ana, "0600111222")
		<-time.After(time.Second) // the picture is made ten times a second
		id := o.House().View().Calls[0].ID
		talking := func(when string) {
			t.Helper()
			c.Forget()
			<-time.After(2 * time.Second)
			if calls := o.House().View().Calls; len(calls) != 1 || calls[0].ID != id || phone.Power(c.Heard(), 700) < 0.9 {
				t.Fatalf("%s: calls %+v, of 700 Hz %.2f", when, calls, phone.Power(c.Heard(), 700))
			}
		}
		talking("before")

		by := life.Person{Name: "ana", Via: "ssh"}
		doc := strings.Replace(document, `  - {ext: "202", name: Bruno, sip: true, password: secret-of-202}`, `  - {ext: "203", name: Carla, sip: true, password: secret-of-203}`, 1)
		doc = strings.Replace(doc, `  - {id: bruno, name: Bruno, number: "2", queues: [ventas], phone: "202"}`, `  - {id: carla, name: Carla, number: "3", queues: [ventas], phone: "203"}`, 1)
		doc = strings.Replace(doc, "calls: 30}", "calls: 7}", 1)
		doc = strings.Replace(doc, "number: \"910000002\"", "number: \"910000022\", country: FR", 1)
		v, err := o.life.Try(t.Context(), []byte(doc), life.Version{By: by, From: "draft"}, 5*time.Minute, false)
		if err != nil || v.State != life.Live {
			t.Fatalf("%+v, %v", v, err)
		}
		talking("after the change")
		carla := o.agent("203", "10.0.0.23", nil)
		defer carla.Close()
		o.Until("Carla is seated and ready", 10*time.Second, func() bool {
			s := o.House().View()
			return len(s.Agents) == 2 && s.Agents[1].ID == "carla" && s.Agents[1].State == "ready"
		})
		if s := o.House().View(); s.Lines[1].Number != "910000022" || len(s.Phones) != 4 || s.Phones[3].Ext != "203" {
			t.Errorf("the picture shows %+v, %+v", s.Lines, s.Phones)
		}
		registers := func(p *phone.Phone) bool {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			return p.Register(ctx) == nil
		}
		if registers(bruno) {
			t.Error("a phone that is gone registers")
		}

		<-time.After(5 * time.Minute)
		talking("after nobody confirmed")
		if registers(carla) || !registers(bruno) {
			t.Error("the phones are not those of before")
		}
		if s := o.House().View(); s.Lines[1].Number != "910000002" || s.Phones[3].Ext != "202" || s.Agents[1].ID != "bruno" {
			t.Errorf("the picture shows %+v, %+v, %+v", s.Lines, s.Phones, s.Agents)
		}
		var told []string
		for _, r := range o.Facts() {
			if r.Kind == call.Version {
				var f call.Fact
				o.must(json.Unmarshal(r.Body, &f))
				told = append(told, f.Node+" "+f.State+" by "+f.Reason)
			}
		}
		want := "1 confirmed by file: from file office.yaml; 2 waiting by ana (ssh): from draft; 2 live by ana (ssh): from draft; " +
			"2 rolled back by system: nobody confirmed it within 5m0s; 1 confirmed by system: from file office.yaml"
		if got := strings.Join(told, "; "); got != want {
			t.Errorf("the book tells\n%s, want\n%s", got, want)
		}

		v, err = o.life.Try(t.Context(), []byte(strings.Replace(document, "Europe/Madrid", "Europe/Lisbon", 1)), life.Version{By: by}, 5*time.Minute, true)
		if err != nil || v.State != life.Asked {
			t.Fatalf("%+v, %v", v, err)
		}
		<-time.After(10 * time.Minute)
		talking("while a restart waits")
		c.HangUp()
		if err := <-o.ended; err == nil || !strings.Contains(err.Error(), "starts anew: configuration 3") {
			t.Errorf("the house ended with %v", err)
		}
		if err := o.life.Close(); err != nil {
			t.Error(err)
		}
	})
}
