import { expect, test } from "vitest";
import { withoutPlaces } from "../../scripts/judging-code.js";

const SIGNATURE = '(data, {instancePath="", parentData, parentDataProperty, rootData=data, dynamicAnchors={}}={})';

test("a validator that only judges takes nothing but the value", () => {
  const call = 'validate2(data0, {instancePath:instancePath+"/operations/" + i0,parentData:data,parentDataProperty:i0,rootData,dynamicAnchors})';
  expect(withoutPlaces(`function validate1${SIGNATURE}{return ${call};}`)).toBe("function validate1(data){return validate2(data0);}");
});

test("code that uses the place is refused, so that a new version of Ajv cannot change what is judged", () => {
  expect(() => withoutPlaces(`function validate1${SIGNATURE}{return instancePath === "";}`)).toThrow("Ajv writes instancePath in a way that is not known here");
});
