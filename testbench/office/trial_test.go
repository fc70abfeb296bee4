package office

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/view"
)

// A configuration that waits to be confirmed is an alarm of the front, with the time left,
// until somebody does or the one before is back.
func TestAConfigurationOnTrialIsShown(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := OpenKept(t, 13, document, pack, nil)
		defer o.Stop()
		by := life.Person{Name: "ana", Via: "ssh"}
		shown := func() (trial *view.Trial, alarmed bool) {
			<-time.After(3 * time.Second) // the watch looks every two
			s := o.House().View()
			return s.Trial, slices.ContainsFunc(s.Alarms, func(a view.Alarm) bool { return a.ID == "config" })
		}
		if trial, alarmed := shown(); trial != nil || alarmed {
			t.Errorf("at first %+v, an alarm: %t", trial, alarmed)
		}
		for i, size := range []string{"calls: 7}", "calls: 8}"} {
			v, err := o.life.Try(t.Context(), []byte(strings.Replace(document, "calls: 30}", size, 1)), life.Version{By: by, From: "draft"}, time.Minute, false)
			o.must(err)
			end := time.Now().Add(time.Minute)
			if trial, alarmed := shown(); trial == nil || !alarmed || trial.N != v.N || trial.Back != i+1 || trial.Until.Sub(end).Abs() > time.Second {
				t.Errorf("version %d on trial until %s is %+v, an alarm: %t", v.N, end, trial, alarmed)
			}
			if i == 0 {
				o.must(o.life.Confirm(by))
			} else {
				<-time.After(time.Minute)
			}
			if trial, alarmed := shown(); trial != nil || alarmed {
				t.Errorf("then %+v, an alarm: %t", trial, alarmed)
			}
		}
	})
}
