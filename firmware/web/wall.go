package web

import (
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Wall is the picture as a room may see it: masked, in one language, every
// text ready to show. Instants are milliseconds since 1970; the page counts.
type Wall struct {
	Seq    uint64        `json:"seq"`
	Page   string        `json:"page"` // changes with the pages' own files: then they load anew
	Now    int64         `json:"now"`
	Lang   tel.Lang      `json:"lang"`
	Zone   string        `json:"zone"`
	Site   string        `json:"site"`
	Calm   *WallCalm     `json:"calm,omitempty"` // while there is no alarm
	Alarms []WallAlarm   `json:"alarms"`         // at most three
	More   string        `json:"more,omitempty"` // "+2"
	Level  string        `json:"level"`          // head of the service level column
	Queues []WallQueue   `json:"queues"`
	Agents []WallAgent   `json:"agents"`
	Last   []WallCall    `json:"last"` // at most four
	Ports  []WallPort    `json:"ports"`
	SIP    *WallSIP      `json:"sip,omitempty"`
	Lamps  []WallLampTip `json:"lamps"`
}

// WallCalm is the band when all is well.
type WallCalm struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// WallAlarm is one card of the band.
type WallAlarm struct {
	ID    string `json:"id"`
	Lamp  string `json:"lamp"` // "dead" or "warn"
	Label string `json:"label"`
	Title string `json:"title"`
	Count int64  `json:"count,omitempty"` // counts behind the title since then
	Text  string `json:"text"`
}

// WallQueue is one row of the table of queues.
type WallQueue struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Note    string       `json:"note"`
	Lamp    string       `json:"lamp"` // "idle", "warn", "dead"
	Label   string       `json:"label"`
	Waiting []WallCaller `json:"waiting"`
	Limit   int          `json:"limit"`      // seconds; 0 is none
	Max     string       `json:"max"`        // "máx. 3:00"
	Pct     int          `json:"pct"`        // service level; -1 not known
	PctText string       `json:"pct_text"`   // "91 %"
	Goal    int          `json:"goal"`       // per cent
	Level   string       `json:"level"`      // "En 20 s (meta 80)"
	Summary string       `json:"summary"`    // for readers: "Esperan 5"
	Longest int64        `json:"longest"`    // since when the first waits; 0 nobody
	Short   bool         `json:"below_goal"` // the service level misses its goal
}

// WallCaller is one who waits: nothing of who it is.
type WallCaller struct {
	Since int64 `json:"since"`
	VIP   bool  `json:"vip,omitempty"`
}

// WallAgent is one person.
type WallAgent struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Lamp  string `json:"lamp"`
	Text  string `json:"text"`
	Since int64  `json:"since,omitempty"`
	Soon  int64  `json:"soon,omitempty"` // from then on it wants a look: a long hold
	Flag  string `json:"flag,omitempty"` // what the look is about
}

// WallCall is one of the last calls.
type WallCall struct {
	ID   string `json:"id"`
	Time string `json:"time"`
	Icon string `json:"icon"` // "in", "out", "missed"
	Said string `json:"said"` // the icon in words
	Who  string `json:"who"`  // "··· 214"
	Text string `json:"text"`
}

// WallPort is one lamp of the strip.
type WallPort struct {
	ID    string `json:"id"`
	Lamp  string `json:"lamp"`
	Label string `json:"label"`
	Since int64  `json:"since,omitempty"`
}

// WallSIP is the last cell of the strip: trunks, or phones where there is no
// trunk.
type WallSIP struct {
	Lamp string   `json:"lamp"`
	Pips []string `json:"pips"`
	Text string   `json:"text"`
}

// WallLampTip names a lamp state for readers.
type WallLampTip struct {
	Lamp string `json:"lamp"`
	Text string `json:"text"`
}

// Limits of what fits on a wall.
const (
	maxAlarms = 3
	maxCalls  = 4
	maxPips   = 20
	boxLamps  = 8                // lamps on the box
	holdSoon  = 90 * time.Second // half a minute before a hold must be refreshed
)

// NewWall words and masks s as it is at now, with times of day in zone.
func NewWall(s *view.Snapshot, now time.Time, zone *time.Location, lang tel.Lang) Wall {
	b := builder{s: s, zone: zone, t: wordsIn(lang), lang: lang}
	w := Wall{
		Seq: s.Seq, Now: now.UnixMilli(), Lang: lang, Zone: zone.String(), Site: s.Site,
		Alarms: b.alarms(), Level: b.levelHead(), Queues: b.queues(), Agents: b.agents(),
		Last: b.last(), Ports: b.ports(), SIP: b.sip(), Calm: b.calm(),
	}
	if n := len(s.Alarms) - maxAlarms; n > 0 {
		w.More = b.t.more(n)
	}
	for _, l := range view.Lamps() {
		w.Lamps = append(w.Lamps, WallLampTip{l.String(), l.In(lang)})
	}
	return w
}

// zones keeps the time zones met, so that none is read twice.
type zones struct{ m sync.Map }

// get returns the zone of that name, or UTC when there is none.
func (z *zones) get(name string) *time.Location {
	if l, ok := z.m.Load(name); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return time.UTC // configuration refuses unknown zones; before the first picture there is none
	}
	z.m.Store(name, l)
	return l
}
