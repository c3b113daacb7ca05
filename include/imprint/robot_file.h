/// imprint/robot_file.h: one robot's own numbers: its camera, its wheels, its delays. They are read
/// from Duckietown's calibration files as they are, or from one file that holds all. Everything
/// here is a plain value, so functions may be called from any thread.
#ifndef IMPRINT_ROBOT_FILE_H
#define IMPRINT_ROBOT_FILE_H

#include "imprint/robot.h"

IMP_API_BEGIN

/// Which parts of a robot its files tell. Others have default values.
enum {
    IMP_ROBOT_INTRINSIC = 1, ///< lens and projection of the camera
    IMP_ROBOT_EXTRINSIC = 2, ///< where the camera is mounted
    IMP_ROBOT_WHEELS = 4,    ///< the kinematics
    IMP_ROBOT_TIMING = 8,    ///< delay or rates
    IMP_ROBOT_BODY = 16,     ///< width or length
};

/// A robot's own numbers. Obtain with imp_default_robot_def(), then change fields or read a file.
typedef struct imp_robot_def {
    char name[64];          ///< "default"
    imp_camera_def camera;  ///< lens and mounting; the image's size is not the robot's
    imp_pinhole projection; ///< of rectified images of the lens's size: see imp_calibration
    double camera_yaw;      ///< the camera's turn to the left [rad], as calibrated; not simulated
    double camera_roll;     ///< its right side down [rad], as calibrated; not simulated
    imp_wheels wheels;      ///< the wheels' calibration
    double delay;           ///< from a command to its effect [s]; 0.15
    double camera_rate;     ///< images per second; 30
    double decision_rate;   ///< actions per second; 30
    double width, length;   ///< of the body [m]; IMP_ROBOT_WIDTH, IMP_ROBOT_LENGTH
    unsigned known;         ///< IMP_ROBOT_INTRINSIC and so on; 0
    int cookie;
} imp_robot_def;

/// The robot that everything is simulated with unless another is given.
imp_robot_def imp_default_robot_def(void);

#define IMP_ROBOT_REMARKS_MAX 24

/// What is remarkable about a robot's numbers.
typedef struct imp_robot_remarks {
    int count;  ///< of texts
    int faults; ///< how many of them say that a number cannot be right
    struct {
        bool fault;     ///< a number cannot be right; else: something is assumed or left out
        char text[240]; ///< one line that says what to do
    } list[IMP_ROBOT_REMARKS_MAX];
} imp_robot_remarks;

/// Reads a robot. `path` is one of
/// - a file of ours (docs/robots.md), or one of Duckietown's files camera_intrinsic,
///   camera_extrinsic or kinematics;
/// - several of these, separated by commas;
/// - a folder with folders camera_intrinsic, camera_extrinsic and kinematics, as
///   /data/config/calibrations of a Duckiebot: then the only robot in it but "default", and where
///   it lacks a file, default.yaml; FOLDER/NAME chooses one of several robots.
/// remarks (nullable): what was assumed, and numbers that cannot be right. Fails with IMP_BAD_INPUT
/// and "file:line: reason" where no robot can have such numbers, and with IMP_IO.
imp_status imp_robot_read(imp_robot_def *out, imp_robot_remarks *remarks, const char *path,
                          imp_error *err);

/// The same for a text of ours, length bytes long. `source` names it in messages.
imp_status imp_robot_parse(imp_robot_def *out, imp_robot_remarks *remarks, const char *text,
                           size_t length, const char *source, imp_error *err);

/// Adds remarks about numbers that cannot be right, or are unusual.
void imp_robot_check(const imp_robot_def *robot, imp_robot_remarks *remarks);

#define IMP_ROBOT_TEXT_MAX 2048

/// Writes a robot as a text of ours, which imp_robot_parse() reads to the same bits. At most
/// IMP_ROBOT_TEXT_MAX bytes with the final 0. Returns out.
const char *imp_robot_format(const imp_robot_def *robot, char out[IMP_ROBOT_TEXT_MAX]);

/// Makes a camera and a drive those of the robot, with commands that are corrected for its wheels.
/// Size of the image and time step stay. Either may be NULL.
void imp_robot_set_camera_and_drive(const imp_robot_def *robot, imp_camera_def *camera,
                                    imp_drive_def *drive);

/// How many time steps of time_step [s] an action of the robot lasts: by the slower of its camera
/// and its decisions, at least 1.
int imp_robot_frame_skip(const imp_robot_def *robot, double time_step);

/// Finds the camera's mounting from Duckietown's ground homography: from a pixel (u, v, 1) of a
/// rectified image with this projection to a point (x ahead, y to the left, 1) of the ground [m],
/// whose origin is midway between the wheels. homography: row-major 3 x 3. Writes mount_height,
/// mount_forward, mount_right and pitch of robot->camera, and camera_yaw and camera_roll. Returns
/// false if the numbers describe no camera above the ground. *distortion (nullable): how much the
/// homography is unlike any camera's: 0 is exact.
bool imp_robot_set_homography(imp_robot_def *robot, const imp_pinhole *projection,
                              const double homography[9], double *distortion);

IMP_API_END

#endif
