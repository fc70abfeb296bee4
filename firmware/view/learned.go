package view

// Learned is what a line has shown of itself. Numbers and texts that are not
// known yet are absent.
type Learned struct {
	Frozen    bool     `json:"frozen,omitempty"` // a technician wants it left as it is
	Calls     int      `json:"calls"`            // that had an end on the line
	Endings   []Ending `json:"endings,omitempty"`
	Tones     []string `json:"tones,omitempty"` // release tones that no table knows, "440@-12 300/300"
	Ring      string   `json:"ring,omitempty"`
	CallerID  string   `json:"caller_id,omitempty"` // "bell202", "v23", "dtmf"
	DialTone  string   `json:"dial_tone,omitempty"` // Hz
	LevelIn   float64  `json:"level_in_dbm0,omitempty"`
	LevelOut  float64  `json:"level_out_dbm0,omitempty"`
	ERL       float64  `json:"erl_db,omitempty"`
	TwistDB   float64  `json:"twist_db,omitempty"`
	LastNews  string   `json:"last_change,omitempty"` // of its character
	GainIn    float64  `json:"gain_in_db,omitempty"`  // set by hand
	GainOut   float64  `json:"gain_out_db,omitempty"`
	Impedance string   `json:"impedance,omitempty"`
}

// Ending is how often a sign ended calls of a line.
type Ending struct {
	Sign string `json:"sign"`
	Seen int    `json:"seen"`
}
