package numbering

import (
	"slices"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

func office() *Plan {
	return &Plan{
		Country:    "ES",
		Extensions: []tel.Number{"101", "102", "201", "2015"},
		Queues:     []QueueNumber{{"301", "ventas"}},
		Features: []FeatureCode{
			{Login, "*11", []tel.Number{"1", "2", "21234"}},
			{Logout, "*12", nil},
			{Pause, "*13", []tel.Number{"1", "2"}},
		},
		Prefix:    "0",
		Emergency: []tel.Number{"112"},
		Routes: []Route{
			{Name: "verde", Classes: []Class{Free}, Via: []string{"L1"}},
			{Name: "nacional", Via: []string{"L4", "L3"}},
			{Name: "Lisboa", Classes: []Class{International}, Pattern: "00351.", Via: []string{"siptel"}, Strip: 2, Add: "810"},
		},
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		dialled tel.Number
		allowed []Class
		kind    Kind
		number  tel.Number
		route   string
	}{
		{"101", nil, Extension, "101", ""},
		{"2015", nil, Extension, "2015", ""},
		{"301", nil, Queue, "301", ""},
		{"*112", nil, Feature, "*112", ""},
		{"*12", nil, Feature, "*12", ""},
		{"*11", nil, Unknown, "*11", ""},
		{"*123", nil, Unknown, "*123", ""},
		{"112", nil, Emergency, "112", ""},
		{"0112", nil, Emergency, "112", ""},
		{"0061", nil, Emergency, "061", ""},
		{"061", nil, Emergency, "061", ""}, // without the prefix, and not named by the office
		{"091", []Class{}, Emergency, "091", ""},
		{"0061", []Class{}, Emergency, "061", ""},
		{"0910000001", nil, Outside, "910000001", "nacional"},
		{"0910000001#", nil, Outside, "910000001", "nacional"},
		{"0600123456", nil, Outside, "600123456", "nacional"},
		{"0600123456", []Class{National}, Forbidden, "600123456", ""},
		{"0900123456", nil, Outside, "900123456", "verde"},
		{"0803123456", nil, Forbidden, "803123456", ""},
		{"0118999", nil, Forbidden, "118999", ""},
		{"00033123456789", nil, Forbidden, "0033123456789", ""},
		{"0+33123456789", nil, Forbidden, "0033123456789", ""},
		{"0+34910000001", nil, Outside, "910000001", "nacional"},
		{"000351210000000", nil, Outside, "810351210000000", "Lisboa"},
		{"910000001", nil, Unknown, "910000001", ""}, // without the prefix
		{"0", nil, Unknown, "0", ""},
		{"", nil, Unknown, "", ""},
	} {
		got := office().Resolve(c.dialled, c.allowed)
		if got.Kind != c.kind || got.Number != c.number || got.Route != c.route {
			t.Errorf("Resolve(%q, %v) = %+v, want kind %d number %q route %q", c.dialled, c.allowed, got, c.kind, c.number, c.route)
		}
		if (got.Kind == Unknown || got.Kind == Forbidden) && got.Why == "" {
			t.Errorf("Resolve(%q) says no and not why", c.dialled)
		}
		if got.Kind == Emergency && !slices.Equal(got.Via, []string{"L1", "L4", "L3", "siptel"}) {
			t.Errorf("Resolve(%q) goes out over %v only", c.dialled, got.Via)
		}
	}
}

func TestProgress(t *testing.T) {
	for dialled, want := range map[tel.Number]Progress{
		"1": More, "10": More, "101": Complete, "103": Never, "1012": Never,
		"201": More, "2015": Complete, "3": More, "301": Complete, "4": Never,
		"*": More, "*1": More, "*11": More, "*111": Complete, "*112": More, "*1121234": Complete, "*119": More, "*12": Complete,
		"112": Complete, "11": More,
		"0": More, "09": More, "091000000": More, "0910000001": Complete, "09100000012": Never, "0112": Complete,
		"00": More, "0003": More, "00033123456789": More, "0910#": Complete, "0#": Never, "9": Never, "#": Never,
		"06": More, "061": More, "085": More, // or the beginning of an outside number
		"0010": More, // 010, a short special number, or the beginning of a longer one
	} {
		if got := office().Progress(dialled); got != want {
			t.Errorf("Progress(%q) = %s, want %s", dialled, got, want)
		}
	}
}

// No route that does not name them opens the dear classes, whatever its pattern.
func TestDearClassesStayShut(t *testing.T) {
	for iso, dear := range map[string][]tel.Number{
		"ES": {"807000000", "905000000", "0035312345678", "+88213000000"},
		"MX": {"9001234567", "0018095551234"},
		"US": {"19005551234", "9005551234", "18095551234", "8095551234", "18765551234", "011442079460000"},
		"CL": {"7001234567", "0012025550100", "1230012025550100"},
		"AR": {"06091234567", "0012025550100"},
		"CO": {"9011234567", "0012025550100"},
		"PE": {"080812345", "0012025550100"},
		"UK": {"09012345678", "08712345678", "118118", "0012025550100"},
		"DE": {"09001234567", "01371234567", "11880", "0012025550100"},
		"FR": {"0899123456", "118218", "0012025550100"},
		"BR": {"0900123456", "0012025550100"},
		"IT": {"8991234567", "0012025550100"},
		"PT": {"760123456", "601123456", "0012025550100"},
		"XX": {"0012025550100", "01112025550100", "+12025550100"},
	} {
		p := &Plan{Country: iso, Routes: []Route{{Name: "all", Pattern: ".", Via: []string{"L1"}}}}
		for _, n := range dear {
			if got := p.Resolve(n, nil); got.Kind != Forbidden {
				t.Errorf("%s: %q passes: %+v", iso, n, got)
			}
		}
	}
}

func TestClassifyOrdinaryNumbers(t *testing.T) {
	for _, c := range []struct {
		iso    string
		number tel.Number
		class  Class
	}{
		{"ES", "910000001", National}, {"ES", "600123456", Mobile}, {"ES", "711111111", Mobile}, {"ES", "900111222", Free},
		{"ES", "902111222", Special}, {"ES", "112", EmergencyClass}, {"MX", "5512345678", National}, {"MX", "911", EmergencyClass},
		{"US", "12125550100", National}, {"US", "2125550100", National}, {"US", "18005550100", Free}, {"US", "911", EmergencyClass},
		{"CL", "221234567", National}, {"CL", "912345678", Mobile}, {"AR", "1112345678", National}, {"PE", "14441234", National}, {"CO", "3101234567", Mobile},
		{"UK", "02079460000", National}, {"UK", "07700900000", Mobile}, {"GB", "999", EmergencyClass}, {"DE", "030123456", National},
		{"FR", "0123456789", National}, {"BR", "1133334444", National}, {"BR", "156", Special}, {"PT", "211234567", National}, {"XX", "5551234", National},
	} {
		if got, _ := Classify(c.iso, c.number); got != c.class {
			t.Errorf("Classify(%s, %s) = %s, want %s", c.iso, c.number, got, c.class)
		}
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		pattern string
		number  tel.Number
		want    bool
	}{
		{"", "1", true}, {"9XXXXXXXX", "910000001", true}, {"9XXXXXXXX", "91000000", false}, {"[67]X", "71", true},
		{"[6-8]X", "91", false}, {"00351.", "00351", false}, {"00351.", "003512", true}, {".", "1", true}, {".", "", false}, {"1.2", "112", false}, {"[", "1", false},
	} {
		if got := Fits(c.pattern, c.number); got != c.want {
			t.Errorf("Fits(%q, %q) = %t", c.pattern, c.number, got)
		}
	}
	for pattern, bad := range map[string]bool{"": false, "9X[1-3].": false, "1.2": true, "[]": true, "[a]": true, "[12": true, "Y": true} {
		if got := CheckPattern(pattern) != ""; got != bad {
			t.Errorf("CheckPattern(%q) complains: %t", pattern, got)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add("0910000001", "[2-9]X.")
	f.Fuzz(func(t *testing.T, dialled, pattern string) {
		n, _ := tel.CleanNumber(dialled)
		p := office()
		p.Routes[0].Pattern = pattern
		got := p.Resolve(n, nil)
		if got.Kind == Outside && (got.Class == Premium || got.Class == International && got.Route != "Lisboa") {
			t.Errorf("%q goes out as %s over %s", n, got.Class, got.Route)
		}
		if n != "" {
			p.Progress(n)
		}
		if Fits(pattern, n) && CheckPattern(pattern) != "" {
			t.Errorf("%q fits the broken pattern %q", n, pattern)
		}
	})
}

// The numbers that a country's regulator calls emergencies need no prefix and
// no line in the configuration. An extension of the same digits stays one.
func TestEmergencyNumbersOfTheCountryNeedNoPrefix(t *testing.T) {
	p := &Plan{Country: "MX", Prefix: "0", Extensions: []tel.Number{"101"}, Routes: []Route{{Name: "nacional", Via: []string{"L1"}}}}
	if got := p.Resolve("911", []Class{}); got.Kind != Emergency || got.Number != "911" {
		t.Errorf("911 is %+v", got)
	}
	for n, want := range map[tel.Number]Progress{"9": More, "91": More, "911": Complete, "912": Never} {
		if got := p.Progress(n); got != want {
			t.Errorf("Progress(%q) = %s, want %s", n, got, want)
		}
	}
	p.Country = "AR" // where 101 calls the police
	if got := p.Resolve("101", nil); got.Kind != Extension {
		t.Errorf("101 is %+v", got)
	}
	if got := p.Resolve("0101", nil); got.Kind != Emergency {
		t.Errorf("0101 is %+v", got)
	}
}
