package view

// Machine is the computer below the house, as far as its kernel shows it.
type Machine struct {
	DiskSize uint64 `json:"disk_size"` // bytes of the file system of the data folder; 0: not known
	DiskFree uint64 `json:"disk_free"` // of them we may use
	DiskLow  bool   `json:"disk_low,omitempty"`

	MemorySize uint64 `json:"memory_size"` // bytes; 0: not known
	MemoryFree uint64 `json:"memory_free"` // that programs may have without swapping

	MemoryLow   bool     `json:"memory_low,omitempty"`
	MemoryStall *float64 `json:"memory_stall_pct,omitempty"` // of the last minute everybody waited for memory; nil: not shown

	Storage *Storage `json:"storage,omitempty"` // that holds the data folder; nil: not known

	Celsius *float64 `json:"celsius,omitempty"` // of the hottest zone; nil: none is shown
	Hot     bool     `json:"hot,omitempty"`

	Power string `json:"power,omitempty"` // "ok", "low" (now or minutes ago); empty: not shown
}

// Storage is the device below the data folder.
type Storage struct {
	Device  string `json:"device"`                    // "mmcblk0"
	Kind    string `json:"kind"`                      // "emmc", "sd", "other"
	Size    uint64 `json:"size,omitempty"`            // bytes
	Sealed  bool   `json:"encrypted"`                 // by dm-crypt: who has the device alone cannot read it
	Written uint64 `json:"written"`                   // bytes since the machine started
	PerDay  uint64 `json:"written_per_day,omitempty"` // by the last day; 0: too early to tell
	Often   bool   `json:"often,omitempty"`           // a tenth of it or more each day

	Used   *int   `json:"life_used_pct,omitempty"` // tells the device, rounded up to tens; nil: it does not
	Spares string `json:"spares,omitempty"`        // "normal", "warning", "urgent"; empty: it does not tell
	Worn   bool   `json:"worn,omitempty"`
}
