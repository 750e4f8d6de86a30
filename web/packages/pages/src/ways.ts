// one part of the script: the ways into an account, and out of it
export { showAddDevice } from "./add-device.js";
export { showNewCode } from "./new-code.js";
export { showRecover } from "./recover.js";
export { showRemoveKey } from "./remove-key.js";
export { secondWay } from "./second-way.js";
