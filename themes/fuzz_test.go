package themes

import "testing"

// FuzzParse: whatever a palette's file holds, it is refused with words, or every colour of it is one.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		data, err := builtIn.ReadFile(name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{"", "[]", "text: *a", "&a {text: *a}", "{text: {}, dim: [], ? {} : x}", "text: 256", "text: 0x1", "<<: {text: 1}", "---\n---\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		theme, err := parse("f", data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		for key, colour := range theme.slots() {
			if !isColour(*colour) {
				t.Errorf("%s is %q", key, *colour)
			}
		}
	})
}
