package tui

import (
	"reflect"
	"slices"
	"testing"

	"github.com/charmbracelet/bubbles/key"
)

// TestEveryKeyIsExplained: what the help leaves out, nobody finds.
func TestEveryKeyIsExplained(t *testing.T) {
	t.Parallel()
	keys := Keys()
	var explained []string
	for _, row := range keys.Table() {
		explained = append(explained, row.Key)
		if row.Does == "" {
			t.Errorf("the table does not say what %s does", row.Key)
		}
	}
	fields := reflect.ValueOf(keys)
	for i := range fields.NumField() {
		b, ok := reflect.TypeAssert[key.Binding](fields.Field(i))
		if ok && !slices.Contains(explained, b.Help().Key) {
			t.Errorf("the table leaves out %s, %s", b.Help().Key, fields.Type().Field(i).Name)
		}
	}
}
