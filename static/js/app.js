// Everything a page of the inbox needs; each module minds one thing.
import "./times.js";
import "./windows.js";
import "./theme.js";
import "./shell.js";
import "./panel.js";
import "./keys.js";
import "./live.js";
import "./status.js";
import "./timeline.js";
import "./composer.js";
import "./picker.js";
import "./attaching.js";
import "./leaving.js";
import "./list.js";
import "./lightbox.js";
import "./player.js";
import "./copying.js";
